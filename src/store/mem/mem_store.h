/* mem_store: the store's double in memory, for tests.  Nothing is durable. */
#ifndef STORE_MEM_MEM_STORE_H
#define STORE_MEM_MEM_STORE_H

#include "store/store.h"

/* l must outlive the store. */
int mem_store_open(const struct limits *l, struct store **ret) WARN_UNUSED;

#endif
