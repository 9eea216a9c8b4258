/* leave.h -- how threads of ours behave while the process is being left (states.c, sync.c). */
#ifndef RK_LEAVE_H
#define RK_LEAVE_H
#include <stdbool.h>

/* Is the process being left, and the caller a thread that rk_thread_start made? */
bool rk_leaving(void);
void rk_park(void);          /* never returns: the process ends meanwhile */
void rk_sync_wake_all(void); /* everyone who waits looks again */
#endif
