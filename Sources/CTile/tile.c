#include "tile.h"

#include <string.h>

enum { rows_of_tile = MCC_TILE_ROWS, columns_of_tile = MCC_TILE_COLUMNS, lanes = 8 };

/// A compiler splits it into what the processor has.
typedef float vector __attribute__((vector_size(lanes * sizeof(float)), aligned(sizeof(float)), may_alias));

/// The loop over the depth, compiled once for each kind of processor. Sums stay in registers.
static inline __attribute__((always_inline)) void add_full_tile(
    size_t depth, const float *left, const float *right, float *tile, size_t stride) {
  vector sums[rows_of_tile][2];
#pragma unroll
  for (int row = 0; row < rows_of_tile; row++) {
    sums[row][0] = *(const vector *)(tile + row * stride);
    sums[row][1] = *(const vector *)(tile + row * stride + lanes);
  }
  for (size_t step = 0; step < depth; step++, left += rows_of_tile, right += columns_of_tile) {
    const vector low = *(const vector *)right;
    const vector high = *(const vector *)(right + lanes);
#pragma unroll
    for (int row = 0; row < rows_of_tile; row++) {
      sums[row][0] += left[row] * low;
      sums[row][1] += left[row] * high;
    }
  }
#pragma unroll
  for (int row = 0; row < rows_of_tile; row++) {
    *(vector *)(tile + row * stride) = sums[row][0];
    *(vector *)(tile + row * stride + lanes) = sums[row][1];
  }
}

typedef void full_tile(size_t, const float *, const float *, float *, size_t);

static void add_portable(size_t depth, const float *left, const float *right, float *tile, size_t stride) {
  add_full_tile(depth, left, right, tile, stride);
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static void add_fused(
    size_t depth, const float *left, const float *right, float *tile, size_t stride) {
  add_full_tile(depth, left, right, tile, stride);
}

static full_tile *best_full_tile(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? add_fused : add_portable;
}
#else
static full_tile *best_full_tile(void) { return add_portable; }
#endif

void mcc_add_tile(
    size_t depth, const float *left, const float *right, float *tile, size_t stride, size_t rows, size_t columns) {
  full_tile *add = best_full_tile();
  if (rows == rows_of_tile && columns == columns_of_tile) return add(depth, left, right, tile, stride);
  float whole[rows_of_tile * columns_of_tile] = {0};
  for (size_t row = 0; row < rows; row++) {
    memcpy(whole + row * columns_of_tile, tile + row * stride, columns * sizeof(float));
  }
  add(depth, left, right, whole, columns_of_tile);
  for (size_t row = 0; row < rows; row++) {
    memcpy(tile + row * stride, whole + row * columns_of_tile, columns * sizeof(float));
  }
}

static inline __attribute__((always_inline)) void pack(
    size_t depth, const char *rows, size_t depth_step, size_t lane_step, size_t lanes, size_t width, float *panel) {
  for (size_t step = 0; step < depth; step++, rows += depth_step, panel += width) {
#pragma unroll
    for (size_t lane = 0; lane < lanes; lane++) memcpy(panel + lane, rows + lane * lane_step, sizeof(float));
  }
}

void mcc_pack_panel(
    size_t depth, const void *rows, size_t depth_step, size_t lane_step, size_t lanes, size_t width, float *panel) {
  if (lanes == rows_of_tile && width == rows_of_tile) {
    return pack(depth, rows, depth_step, lane_step, rows_of_tile, rows_of_tile, panel);
  }
  pack(depth, rows, depth_step, lane_step, lanes, width, panel);
}
