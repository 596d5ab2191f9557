/* A program outside of this repository: splits an image, stitches it together again, and prints the version of the library. */
#include <math.h>
#include <stdio.h>

#include <qlty.h>

enum { SIZE = 40, WINDOW = 16, COUNT = 9 };

int main(void) {
  static float image[SIZE * SIZE], patches[COUNT * WINDOW * WINDOW], stitched[SIZE * SIZE];
  const int64_t image_shape[4] = {1, 1, SIZE, SIZE}, patches_shape[4] = {COUNT, 1, WINDOW, WINDOW};
  const qlty_array from = qlty_array_contiguous(image, QLTY_DTYPE_F32, 4, image_shape);
  const qlty_array cut = qlty_array_contiguous(patches, QLTY_DTYPE_F32, 4, patches_shape);
  const qlty_array to = qlty_array_contiguous(stitched, QLTY_DTYPE_F32, 4, image_shape);
  qlty_quilt_options options;
  qlty_quilt *quilt = NULL;
  qlty_error *error = NULL;
  int i;
  for (i = 0; i < SIZE * SIZE; i++) image[i] = (float)(i % 7);
  qlty_status status = qlty_quilt_options_init(&options, sizeof options, &error);
  for (i = 0; i < 2; i++) options.size[i] = SIZE, options.window[i] = WINDOW, options.step[i] = 12;
  if (!status) status = qlty_quilt_new(&options, &quilt, &error);
  if (!status) status = qlty_quilt_unstitch(quilt, &from, 0, &cut, NULL, NULL, &error);
  if (!status) status = qlty_quilt_stitch(quilt, &cut, &to, NULL, NULL, NULL, &error);
  qlty_quilt_free(quilt);
  if (status) {
    fprintf(stderr, "%s\n", qlty_error_message(error));
    qlty_error_free(error);
    return 1;
  }
  for (i = 0; i < SIZE * SIZE; i++)
    if (!(fabsf(stitched[i] - image[i]) < 1e-5f)) return 1;
  printf("qlty %s\n", qlty_version());
  return 0;
}
