/*
 * mem_store: the store's double in memory, for tests.  Nothing is durable.
 *
 * It is the plainest reading of store.h: no counters, everything is counted
 * when asked for, so that what it says can be held against the real backends.
 * Thread-safe by one lock: readers run beside each other, the writer alone.
 */
#ifndef STORE_MEM_MEM_STORE_H
#define STORE_MEM_MEM_STORE_H

#include "store/store.h"

/* l must outlive the store. */
int mem_store_open(const struct limits *l, struct store **ret) WARN_UNUSED;

/*
 * Fault injection: let the n-th store call from now (1: the next) fail once
 * with err, without having done anything; n 0 turns it off.  All functions of
 * store.h that return an int are calls.  A store_write() that fails sets err
 * in every job and returns 0; with ERR_SYNC it returns that, and so does every
 * later one.  s must be a mem_store.
 */
void mem_store_fail_at(struct store *s, uint64_t n, int err);
/* Calls done so far, the failing ones too. */
uint64_t mem_store_calls(struct store *s);

#endif
