/* crowd.h -- see crowd.c. */
#ifndef RK_CROWD_H
#define RK_CROWD_H
/* Do other processes keep cores busy that our threads wait for? To be asked before work is shared out among threads: it
 * measures now and then, and costs a look at the clock otherwise. */
int rk_crowded(void);
/* For tests: say so (1) or not (0) from now on; measure again (-1). */
void rk_set_crowded(int on);
#endif
