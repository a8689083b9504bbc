#include "tls/tls_priv.h"

#define RECORD_HANDSHAKE 22
#define RECORD_DATA 23
#define MESSAGE_CLIENT_HELLO 1

/* Collect what is missing of a header of `want` octets; true when whole. */
static bool
gather(uint8_t *dst, uint8_t *have, uint8_t want, struct str *in)
{
	while (*have < want && in->n > 0) {
		dst[(*have)++] = (uint8_t)*in->p;
		*in = str_from(*in, 1);
	}
	return *have == want;
}

/* Octets of a handshake record: messages, which records may cut anywhere. */
static int
messages(struct tls_hello *h, struct str in)
{
	while (in.n > 0 && !h->done) {
		size_t skip;

		if (h->message_left == 0) {
			h->nmessage = h->nmessage == 4 ? 0 : h->nmessage;
			if (!gather(h->message, &h->nmessage, 4, &in))
				return 0;
			/* Behind it all is ciphered, or OpenSSL's bounds
			 * are small. */
			if (h->message[0] != MESSAGE_CLIENT_HELLO) {
				h->done = true;
				return 0;
			}
			h->message_left = (uint32_t)h->message[1] << 16 |
					  (uint32_t)h->message[2] << 8 |
					  h->message[3];
			if (h->message_left > TLS_HELLO_MAX)
				return ERR_TLS;
		}
		skip = in.n < h->message_left ? in.n : h->message_left;
		h->message_left -= (uint32_t)skip;
		in = str_from(in, skip);
	}
	return 0;
}

int
tls_hello_check(struct tls_hello *h, struct str in)
{
	while (in.n > 0 && !h->done) {
		size_t n;
		int err = 0;

		if (h->record_left == 0) {
			h->nrecord = h->nrecord == 5 ? 0 : h->nrecord;
			if (!gather(h->record, &h->nrecord, 5, &in))
				return 0;
			h->record_left =
				(uint16_t)(h->record[3] << 8 | h->record[4]);
			if (h->record[0] == RECORD_DATA)
				h->done = true;
		}
		n = in.n < h->record_left ? in.n : h->record_left;
		if (h->record[0] == RECORD_HANDSHAKE)
			err = messages(h, str_sub(in, 0, n));
		if (err < 0)
			return err;
		h->record_left = (uint16_t)(h->record_left - n);
		in = str_from(in, n);
	}
	return 0;
}
