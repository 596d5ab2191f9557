/* Pictures of the examples: binary PGM files of 8 bits. What goes wrong ends the program. */
#ifndef PGM_H
#define PGM_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static inline void *allocate(size_t bytes) {
  void *memory = malloc(bytes);
  if (!memory) {
    fprintf(stderr, "no memory for %zu bytes\n", bytes);
    exit(1);
  }
  return memory;
}

/* The pixels of a file, as numbers from 0 to 255. */
static inline float *read_pgm(const char *path, int *height, int *width) {
  int most, c;
  long i;
  float *pixels;
  FILE *file = fopen(path, "rb");
  if (!file || fscanf(file, "P5 %d %d %d", width, height, &most) != 3 || most != 255 || *width < 1 ||
      *height < 1 || fgetc(file) == EOF) {
    fprintf(stderr, "%s is no binary PGM of 8 bits\n", path);
    exit(1);
  }
  pixels = allocate((size_t)*height * (size_t)*width * sizeof *pixels);
  for (i = 0; i < (long)*height * *width; i++) {
    if ((c = fgetc(file)) == EOF) {
      fprintf(stderr, "%s ends early\n", path);
      exit(1);
    }
    pixels[i] = (float)c;
  }
  fclose(file);
  return pixels;
}

/* Writes a file; 0 where that fails. */
static inline int write_pgm(const char *path, const float *pixels, int height, int width) {
  long i;
  FILE *file = fopen(path, "wb");
  if (!file) return 0;
  fprintf(file, "P5\n%d %d\n255\n", width, height);
  for (i = 0; i < (long)height * width; i++) fputc((int)lrintf(pixels[i]), file);
  return fclose(file) == 0;
}

#endif
