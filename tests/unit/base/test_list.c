#include "base/list.h"

#include "lib/test.h"

struct item {
	int v;
	struct list link;
};

static int
digits_of(struct list *head)
{
	int sum = 0;

	LIST_EACH(it, head)
		sum = sum * 10 + LIST_ENTRY(it, struct item, link)->v;
	return sum;
}

static void
test_list(void **state)
{
	struct item items[4];
	struct list head;

	list_init(&head);
	assert_true(list_empty(&head));
	assert_null(list_first(&head));
	for (int i = 0; i < 4; i++) {
		items[i].v = i + 1;
		list_init(&items[i].link);
		/* In no list: left alone. */
		list_del(&items[i].link);
	}
	list_add_tail(&head, &items[1].link);
	list_add_tail(&head, &items[2].link);
	list_add_head(&head, &items[0].link);
	list_add_tail(&head, &items[3].link);
	assert_int_equal(digits_of(&head), 1234);
	assert_ptr_equal(list_first(&head), &items[0].link);

	/* The current one may go. */
	LIST_EACH(it, &head)
		if (LIST_ENTRY(it, struct item, link)->v % 2)
			list_del(it);
	assert_int_equal(digits_of(&head), 24);
	assert_true(list_empty(&items[0].link));
	list_del(&items[1].link);
	list_del(&items[3].link);
	list_del(&items[3].link);
	assert_true(list_empty(&head));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
