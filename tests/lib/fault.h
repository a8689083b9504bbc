/*
 * fault: run something once for each of its allocations, with that one failing.
 */
#ifndef LIB_FAULT_H
#define LIB_FAULT_H

/* What is to run: 0 or more, or an error.  It must free all it has got. */
typedef int fault_fn(void *arg);

/*
 * Run fn with its first allocation failing, then with its second, and so on
 * until none fails any more.  A run whose allocation failed must give ERR_NOMEM
 * (or success, if fn can do without), the last one success, and none may leave
 * anything allocated: otherwise the test ends.
 * Returns how many runs gave ERR_NOMEM.
 */
unsigned fault_each(fault_fn *fn, void *arg);

#endif
