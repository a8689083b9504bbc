/*
 * secret: octets that are wiped and never printed.
 *
 * No formatter exists for a secret; compare with secret_eq() only.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 32 octets: a key, a hash that is worth as much as a password. */
struct secret32 {
	uint8_t b[32];
};

/* Overwrite; never optimised away. */
void secret_wipe(void *p, size_t n);
/* Constant time in n. */
bool secret_eq(const void *a, const void *b, size_t n);
/* Random octets of the operating system; aborts if there are none. */
void secret_random(void *p, size_t n);

static inline void
secret32_cleanup(struct secret32 *s)
{
	secret_wipe(s, sizeof(*s));
}
#define CLEANUP_SECRET __attribute__((cleanup(secret32_cleanup)))

#endif
