/* A progress function that checks how it is called. */
#ifndef WATCH_H
#define WATCH_H

#include <pthread.h>

#include "support.h"

typedef struct watch {
  pthread_t caller;
  uint64_t calls, done, total;
  int32_t answer;
} watch;

static int32_t look(void *user, uint64_t done, uint64_t total) {
  watch *seen = user;
  CHECK(pthread_equal(seen->caller, pthread_self()));
  CHECK(total > 0 && done <= total && (seen->calls == 0 || done >= seen->done));
  seen->calls++;
  seen->done = done;
  seen->total = total;
  return seen->answer;
}

#endif
