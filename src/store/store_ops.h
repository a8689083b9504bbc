/*
 * store_ops: what a backend provides.  Only store.c, the backends and tests
 * include this; everybody else calls the wrappers of store.h, which check
 * arguments and then come here.  A struct store and a struct store_reader
 * begin with these heads.
 */
#ifndef STORE_STORE_OPS_H
#define STORE_STORE_OPS_H

#include "store/store.h"

struct store_ops {
	const char *name;
	void (*close)(struct store *s);
	int (*reader_new)(struct store *s, struct store_reader **ret);
	void (*reader_free)(struct store_reader *r);
	/* NULL: nothing to be gained. */
	void (*reader_hold)(struct store_reader *r, bool hold);
	int (*domain_find)(struct store_reader *r, struct str domain,
			   uint64_t *ret_id);
	int (*domain_list)(struct store_reader *r, struct arena *a,
			   struct str **ret, size_t *ret_n);
	int (*account_find)(struct store_reader *r, struct arena *a,
			    struct str key, struct store_account *ret);
	int (*account_list)(struct store_reader *r, struct arena *a,
			    struct str domain, struct str after, size_t max,
			    struct store_account **ret, size_t *ret_n);
	int (*device_find)(struct store_reader *r, struct arena *a,
			   uint64_t account_id, struct str key,
			   struct store_device *ret);
	int (*device_list)(struct store_reader *r, struct arena *a,
			   uint64_t account_id, struct store_device **ret,
			   size_t *ret_n);
	int (*rcpt_find)(struct store_reader *r, struct arena *a,
			 struct str key, struct str folder_key,
			 struct store_rcpt *ret);
	int (*mailbox_get)(struct store_reader *r, struct arena *a,
			   uint64_t mailbox_id, struct store_mailbox *ret);
	int (*folder_find)(struct store_reader *r, struct arena *a,
			   uint64_t mailbox_id, struct str key,
			   struct store_folder *ret);
	int (*folder_list)(struct store_reader *r, struct arena *a,
			   uint64_t mailbox_id, struct str key,
			   struct store_folder **ret, size_t *ret_n);
	int (*count)(struct store_reader *r, uint64_t mailbox_id,
		     uint32_t folder_id, const struct filter *f,
		     uint64_t *ret_total, uint64_t *ret_unread);
	int (*list)(struct store_reader *r, const struct store_list *q,
		    struct store_pos *ret, size_t *ret_n, bool *ret_more);
	int (*rows)(struct store_reader *r, struct arena *a,
		    uint64_t mailbox_id, const struct store_pos *pos, size_t n,
		    size_t octets, struct store_row *ret, size_t *ret_n,
		    size_t *ret_used);
	int (*row_find)(struct store_reader *r, struct arena *a,
			uint64_t mailbox_id, uint32_t folder_id,
			const struct uuid *uuid, struct store_row *ret);
	int (*row_any)(struct store_reader *r, struct arena *a,
		       uint64_t mailbox_id, const struct uuid *uuid,
		       struct store_row *ret);
	int (*body_open)(struct store_reader *r, uint64_t body_id,
			 struct store_body *ret);
	int (*body_read)(struct store_reader *r, struct store_body *b,
			 uint64_t off, void *dst, size_t n);
	int (*body_load)(struct store_reader *r, struct store_body *b,
			 struct buf *out);
	int (*big_new)(struct store *s, struct store_big **ret);
	int (*big_write)(struct store_big *b, struct str octets);
	int (*big_finish)(struct store_big *b, struct str owners);
	uint64_t (*big_length)(const struct store_big *b);
	void (*big_free)(struct store_big *b);
	int (*write)(struct store *s, struct store_job **jobs, size_t n);
	int (*tend)(struct store *s);
	int (*stats)(struct store_reader *r, struct store_stats *ret);
	int (*verify)(struct store_reader *r, store_say_fn say, void *ctx);
};

struct rcpt_cache;

struct store {
	const struct store_ops *ops;
	/* Made and freed by the backend; NULL where others write to the store,
	 * too. */
	struct rcpt_cache *rcpts;
};
struct store_reader {
	const struct store_ops *ops;
	struct store *store;
};
struct store_big {
	const struct store_ops *ops;
};

#endif
