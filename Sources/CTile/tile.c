#include "tile.h"

#include <stdbool.h>
#include <string.h>

enum { rows_of_tile = MCC_TILE_ROWS, columns_of_tile = MCC_TILE_COLUMNS, lanes = 8 };

/// A compiler splits it into what the processor has.
typedef float vector __attribute__((vector_size(lanes * sizeof(float)), aligned(sizeof(float)), may_alias));

/// The loop over the depth, compiled once for each kind of processor. Sums stay in registers; they begin with a number a row,
/// or, where `start` is null, with what the tile holds. A row is one vector or two.
static inline __attribute__((always_inline)) void multiply(
    size_t depth, const float *left, const float *right, const float *start, float *tile, size_t stride, int vectors) {
  vector sums[rows_of_tile][2];
#pragma unroll
  for (int row = 0; row < rows_of_tile; row++) {
#pragma unroll
    for (int part = 0; part < vectors; part++) {
      // Not plus 0, which would make 0 of -0.
      sums[row][part] = start ? start[row] - (vector){0} : *(const vector *)(tile + row * stride + part * lanes);
    }
  }
  for (size_t step = 0; step < depth; step++, left += rows_of_tile, right += columns_of_tile) {
    vector columns[2];
#pragma unroll
    for (int part = 0; part < vectors; part++) columns[part] = *(const vector *)(right + part * lanes);
#pragma unroll
    for (int row = 0; row < rows_of_tile; row++) {
#pragma unroll
      for (int part = 0; part < vectors; part++) sums[row][part] += left[row] * columns[part];
    }
  }
#pragma unroll
  for (int row = 0; row < rows_of_tile; row++) {
#pragma unroll
    for (int part = 0; part < vectors; part++) *(vector *)(tile + row * stride + part * lanes) = sums[row][part];
  }
}

typedef void product(size_t, const float *, const float *, const float *, float *, size_t, bool);

static void multiply_portably(
    size_t depth, const float *left, const float *right, const float *start, float *tile, size_t stride, bool is_wide) {
  if (is_wide) return multiply(depth, left, right, start, tile, stride, 2);
  multiply(depth, left, right, start, tile, stride, 1);
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static void multiply_fused(
    size_t depth, const float *left, const float *right, const float *start, float *tile, size_t stride, bool is_wide) {
  if (is_wide) return multiply(depth, left, right, start, tile, stride, 2);
  multiply(depth, left, right, start, tile, stride, 1);
}

static product *best_product(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? multiply_fused : multiply_portably;
}
#else
static product *best_product(void) { return multiply_portably; }
#endif

/// Multiplies into a tile, by way of a whole one where it is smaller; what `start` means is said above.
static void multiply_into(
    size_t depth, const float *left, const float *right, const float *start, float *tile, size_t stride, size_t rows,
    size_t columns) {
  const bool is_wide = columns > lanes;
  if (rows == rows_of_tile && columns == (is_wide ? 2 * lanes : lanes)) {
    return best_product()(depth, left, right, start, tile, stride, is_wide);
  }
  float whole[rows_of_tile * columns_of_tile] = {0};
  for (size_t row = 0; !start && row < rows; row++) {
    memcpy(whole + row * columns_of_tile, tile + row * stride, columns * sizeof(float));
  }
  best_product()(depth, left, right, start, whole, columns_of_tile, is_wide);
  for (size_t row = 0; row < rows; row++) {
    memcpy(tile + row * stride, whole + row * columns_of_tile, columns * sizeof(float));
  }
}

void mcc_set_tile(
    size_t depth, const float *left, const float *right, const float *start, float *tile, size_t stride, size_t rows,
    size_t columns) {
  float starts[rows_of_tile] = {0};
  if (start) memcpy(starts, start, rows * sizeof(float));
  multiply_into(depth, left, right, starts, tile, stride, rows, columns);
}

void mcc_add_tile(
    size_t depth, const float *left, const float *right, float *tile, size_t stride, size_t rows, size_t columns) {
  multiply_into(depth, left, right, NULL, tile, stride, rows, columns);
}

/// Four floats, wherever they lie.
typedef float quad __attribute__((vector_size(4 * sizeof(float)), aligned(1), may_alias));
/// Two floats, wherever they lie.
typedef float pair __attribute__((vector_size(2 * sizeof(float)), aligned(1), may_alias));

/// Turns four steps of four rows into four rows of a panel.
static inline void pack_quads(const char *rows, size_t lane_step, size_t width, float *panel) {
  const quad a = *(const quad *)rows, b = *(const quad *)(rows + lane_step);
  const quad c = *(const quad *)(rows + 2 * lane_step), d = *(const quad *)(rows + 3 * lane_step);
  const quad first_ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), last_ab = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const quad first_cd = __builtin_shufflevector(c, d, 0, 4, 1, 5), last_cd = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  *(quad *)panel = __builtin_shufflevector(first_ab, first_cd, 0, 1, 4, 5);
  *(quad *)(panel + width) = __builtin_shufflevector(first_ab, first_cd, 2, 3, 6, 7);
  *(quad *)(panel + 2 * width) = __builtin_shufflevector(last_ab, last_cd, 0, 1, 4, 5);
  *(quad *)(panel + 3 * width) = __builtin_shufflevector(last_ab, last_cd, 2, 3, 6, 7);
}

/// Turns four steps of two rows into four rows of a panel.
static inline void pack_pairs(const char *rows, size_t lane_step, size_t width, float *panel) {
  const quad a = *(const quad *)rows, b = *(const quad *)(rows + lane_step);
  *(pair *)panel = __builtin_shufflevector(a, b, 0, 4);
  *(pair *)(panel + width) = __builtin_shufflevector(a, b, 1, 5);
  *(pair *)(panel + 2 * width) = __builtin_shufflevector(a, b, 2, 6);
  *(pair *)(panel + 3 * width) = __builtin_shufflevector(a, b, 3, 7);
}

void mcc_pack_panel(
    size_t depth, const void *rows, size_t depth_step, size_t lane_step, size_t lanes, size_t width, float *panel) {
  const char *source = rows;
  size_t step = 0;
  // Where the steps of a row are neighbors, as those of weights are, they are turned by fours.
  const size_t quads = lanes / 4 * 4, pairs = lanes / 2 * 2;
  for (; depth_step == sizeof(float) && step + 4 <= depth; step += 4, source += 4 * depth_step, panel += 4 * width) {
    for (size_t lane = 0; lane < quads; lane += 4) pack_quads(source + lane * lane_step, lane_step, width, panel + lane);
    if (pairs > quads) pack_pairs(source + quads * lane_step, lane_step, width, panel + quads);
    if (lanes > pairs) {
      for (size_t next = 0; next < 4; next++) {
        memcpy(panel + next * width + pairs, source + pairs * lane_step + next * depth_step, sizeof(float));
      }
    }
  }
  for (; step < depth; step++, source += depth_step, panel += width) {
    for (size_t lane = 0; lane < lanes; lane++) memcpy(panel + lane, source + lane * lane_step, sizeof(float));
  }
}
