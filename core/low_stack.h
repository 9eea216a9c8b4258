/* low_stack.h -- C stacks below 4 GB; see low_stack.c. */
#ifndef RK_LOW_STACK_H
#define RK_LOW_STACK_H
#include <stddef.h>

/* Call f(arg) on a stack of `size` bytes (whole pages) below 4 GB; on this one where there is no such memory, or no
 * need. */
void rk_on_low_stack(size_t size, void (*f)(void *), void *arg);
#endif
