/* file_test.c -- rk_file_read: whole files, their ends, offsets, what cannot be read. */
#define _GNU_SOURCE
#include "test.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIZE = (9 << 20) + 123 };

static void reads(void) {
  char path[] = "/tmp/rk-file-XXXXXX";
  int fd = mkstemp(path);
  unsigned char *data = malloc(SIZE), *back = malloc(SIZE + 100);
  CHECK(fd >= 0 && data && back);
  for (int i = 0; i < SIZE; i++) data[i] = (unsigned char)((unsigned)i * 2654435761u >> 24);
  CHECK(write(fd, data, SIZE) == SIZE);
  unlink(path);
  int64_t got = -1;
  CHECK(rk_file_read(fd, 0, back, SIZE, &got) == RK_OK && got == SIZE && !memcmp(back, data, SIZE));
  CHECK(rk_file_read(fd, 7, back, SIZE, &got) == RK_OK && got == SIZE - 7 && !memcmp(back, data + 7, SIZE - 7));
  CHECK(rk_file_read(fd, SIZE + 5, back, 100, &got) == RK_OK && got == 0);
  CHECK(rk_file_read(fd, 0, NULL, 0, &got) == RK_OK && got == 0);
  CHECK(rk_file_read(fd, -1, back, 1, &got) == RK_EARG);
  CHECK(rk_file_read(-1, 0, back, 10, &got) == RK_ESYS && got == 0);
  close(fd);
  free(data);
  free(back);
}

int main(void) {
  RUN(reads);
  return test_done();
}
