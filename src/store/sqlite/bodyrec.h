/*
 * bodyrec: how a body lies on disk: the record and the head of a segment.
 *
 * Pure; no I/O.  All numbers are little endian.
 *
 * A record, at an offset that 8 divides:
 *
 *      0  u32  magic "ibr1"
 *      4  u32  CRC-32C
 *      8  u64  body id
 *     16  u64  octets of the payload
 *     24  u32  octets of the owners
 *     28  u32  version 1
 *     32       payload: the body as mail/message.h tells
 *              owners: names of mailboxes, each ended by LF
 *              zeros up to a multiple of 8
 *
 * The CRC covers payload, owners, the header from octet 8 on, and then the
 * place: segment number, the salt of the segment, and offset.  A record that
 * was copied, or left behind in a file that another one once was, does not
 * validate.  A large body is a file of its own with one record at offset 0,
 * segment 0 and salt 0.
 *
 * A segment begins with a block of BODYREC_SEGMENT octets:
 *
 *      0  u32  magic "ibs1"
 *      4  u32  CRC-32C of octets 8 to 31
 *      8  u32  version 1
 *     12  u32  segment number
 *     16  u64  salt, random for each segment ever made
 *     24  u64  0
 *     32       zeros
 */
#ifndef STORE_SQLITE_BODYREC_H
#define STORE_SQLITE_BODYREC_H

#include "base/err.h"
#include "base/str.h"

#define BODYREC_HEADER 32
#define BODYREC_SEGMENT 4096
#define BODYREC_ALIGN 8

/* Where a record lies.  All zero for a large body. */
struct bodyrec_place {
	uint32_t seg;
	uint64_t salt;
	uint64_t off;
};

struct bodyrec {
	uint64_t body_id;
	uint64_t len;		/* octets of the payload */
	uint32_t owners;	/* octets of the owners */
	uint32_t crc;
};

/* Octets that a record takes with header and padding. */
uint64_t bodyrec_size(uint64_t len, uint64_t owners);

/* The CRC of a record whose payload and owners have, in this order, gone
 * through crc32c() as `crc`. */
uint32_t bodyrec_crc(uint32_t crc, const struct bodyrec *r,
		     const struct bodyrec_place *at);

/* The header of r (with its crc) to dst. */
void bodyrec_format(const struct bodyrec *r,
		    uint8_t dst[static BODYREC_HEADER]);
/* Returns 0, or ERR_CORRUPT for what is no header.  The lengths are what it
 * says, checked by nobody yet. */
int bodyrec_parse(const uint8_t src[static BODYREC_HEADER],
		  struct bodyrec *ret) WARN_UNUSED;

/*
 * The record at at->off of a whole segment in memory (or of its first octets).
 * *ret_payload and *ret_owners are slices of it.  Returns 0, ERR_MORE if it
 * would go on past the end, or ERR_CORRUPT.
 */
int bodyrec_check(struct str segment, const struct bodyrec_place *at,
		  struct bodyrec *ret, struct str *ret_payload,
		  struct str *ret_owners) WARN_UNUSED;

/*
 * Find the next record that validates at or behind at->off, which is moved to
 * it.  Returns 1 for one, 0 if there is none.  *ret_skipped: octets other than
 * zero were passed over.
 */
int bodyrec_next(struct str segment, struct bodyrec_place *at,
		 struct bodyrec *ret, struct str *ret_payload,
		 struct str *ret_owners, bool *ret_skipped) WARN_UNUSED;

void bodyrec_segment_format(uint32_t seg, uint64_t salt,
			    uint8_t dst[static BODYREC_SEGMENT]);
/* Returns 0 or ERR_CORRUPT. */
int bodyrec_segment_parse(struct str head, uint32_t *ret_seg,
			  uint64_t *ret_salt) WARN_UNUSED;

#endif
