/* Reads .npy files, version 1, in C order, as the golden cases have them. */
#ifndef NPY_H
#define NPY_H

#include "support.h"

static inline qlty_dtype npy_dtype(const char *header) {
  static const struct { const char *text; qlty_dtype dtype; } known[] = {
      {"'<f4'", QLTY_DTYPE_F32}, {"'<f8'", QLTY_DTYPE_F64}, {"'<i8'", QLTY_DTYPE_I64},
      {"'|b1'", QLTY_DTYPE_BOOL}, {"'|u1'", QLTY_DTYPE_U8}};
  size_t i;
  for (i = 0; i < sizeof known / sizeof *known; i++)
    if (strstr(header, known[i].text)) return known[i].dtype;
  return 0;
}

static inline owned npy_read(const char *folder, const char *name, const char *array) {
  char path[4096], *header, *at;
  unsigned char start[10];
  size_t length;
  int64_t shape[QLTY_MAX_NDIM];
  int32_t ndim = 0;
  qlty_dtype dtype;
  owned made;
  FILE *file;
  snprintf(path, sizeof path, "%s/%s/%s.npy", folder, name, array);
  file = fopen(path, "rb");
  if (!file) fprintf(stderr, "cannot open %s\n", path);
  CHECK(file);
  CHECK(fread(start, 1, 10, file) == 10 && memcmp(start, "\x93NUMPY\x01", 7) == 0);
  length = (size_t)start[8] | (size_t)start[9] << 8;
  header = malloc(length + 1);
  CHECK(header && fread(header, 1, length, file) == length);
  header[length] = '\0';
  dtype = npy_dtype(header);
  CHECK(dtype && strstr(header, "'fortran_order': False"));
  at = strchr(strstr(header, "'shape'"), '(');
  CHECK(at);
  for (at++; *at && *at != ')'; at += strspn(at, ", ")) {
    CHECK(ndim < QLTY_MAX_NDIM);
    shape[ndim++] = strtoll(at, &at, 10);
  }
  free(header);
  made = make(dtype, ndim, shape);
  CHECK(fread(made.array.data, 1, made.bytes, file) == made.bytes && fgetc(file) == EOF);
  fclose(file);
  return made;
}

#endif
