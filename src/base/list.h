/*
 * list: intrusive doubly linked lists.  A head and a node are the same struct;
 * an unlinked node points to itself.  No memory is owned.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
	struct list *next, *prev;
};

#define LIST_ENTRY(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))
/* Walk; the current node may be removed inside. */
#define LIST_EACH(it, head) \
	for (struct list *it = (head)->next, *it##_next = it->next; \
	     it != (head); it = it##_next, it##_next = it->next)

static inline void
list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool
list_empty(const struct list *l)
{
	return l->next == l;
}

static inline void
list_add_tail(struct list *head, struct list *node)
{
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}

static inline void
list_add_head(struct list *head, struct list *node)
{
	node->next = head->next;
	node->prev = head;
	head->next->prev = node;
	head->next = node;
}

/* Unlink; a node that is in no list is left alone. */
static inline void
list_del(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	node->next = node->prev = node;
}

static inline struct list *
list_first(struct list *head)
{
	return list_empty(head) ? NULL : head->next;
}

#endif
