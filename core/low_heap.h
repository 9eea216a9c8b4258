/* low_heap.h -- th's Lua heap below 4 GB; see low_heap.c. */
#ifndef RK_LOW_HEAP_H
#define RK_LOW_HEAP_H

/* From now on. Before the first Lua state is made. */
void th_low_heap(void);
#endif
