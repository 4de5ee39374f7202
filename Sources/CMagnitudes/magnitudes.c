#include "magnitudes.h"

#pragma STDC FP_CONTRACT OFF

enum { lanes = MCC_MAGNITUDE_LANES };

/// Compilers split these into what the processor has.
typedef float float_vector __attribute__((vector_size(lanes * sizeof(float)), aligned(sizeof(float)), may_alias));
typedef int32_t bits_vector __attribute__((vector_size(lanes * sizeof(float)), aligned(sizeof(float)), may_alias));

static const int32_t without_sign = 0x7fffffff;

/// A bit for each lane of a mask.
static inline __attribute__((always_inline)) uint64_t lanes_of(const bits_vector *mask) {
#if defined(__SSE2__)
  typedef float half __attribute__((vector_size(16)));
  const float_vector values = (float_vector)*mask;
  const half low = __builtin_shufflevector(values, values, 0, 1, 2, 3);
  const half high = __builtin_shufflevector(values, values, 4, 5, 6, 7);
  return (uint64_t)(__builtin_ia32_movmskps(low) | __builtin_ia32_movmskps(high) << 4);
#else
  uint64_t bits = 0;
  for (int lane = 0; lane < lanes; lane++) bits |= (uint64_t)((*mask)[lane] & 1) << lane;
  return bits;
#endif
}

static inline __attribute__((always_inline)) struct mcc_magnitude_sums sum_in_lanes(
    const char *floats, size_t count, int32_t lower, int32_t upper) {
  struct mcc_magnitude_sums sums = {0};
  float_vector all = {0}, below = {0};
  bits_vector counts = {0};
  for (size_t index = 0; index < count; index += lanes) {
    const float_vector values = *(const float_vector *)(floats + index * sizeof(float));
    const bits_vector magnitudes = (bits_vector)values & without_sign;
    const bits_vector is_below = magnitudes < lower;
    const float_vector squares = values * values;
    all += squares;
    below += (float_vector)((bits_vector)squares & is_below);
    counts -= is_below;
    const bits_vector is_inside = (magnitudes < upper) & ~is_below;
    sums.inside[index / 64] |= lanes_of(&is_inside) << index % 64;
  }
  for (int lane = 0; lane < lanes; lane++) {
    sums.squares += (double)all[lane];
    sums.squares_below += (double)below[lane];
    sums.count_below += counts[lane];
  }
  return sums;
}

static inline __attribute__((always_inline)) uint32_t largest_in_lanes(const char *floats, size_t count) {
  bits_vector largest = {0};
  for (size_t index = 0; index < count; index += lanes) {
    largest = __builtin_elementwise_max(largest, *(const bits_vector *)(floats + index * sizeof(float)) & without_sign);
  }
  return (uint32_t)__builtin_reduce_max(largest);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static struct mcc_magnitude_sums sum_wide(
    const char *floats, size_t count, int32_t lower, int32_t upper) {
  return sum_in_lanes(floats, count, lower, upper);
}

__attribute__((target("avx2"))) static uint32_t largest_wide(const char *floats, size_t count) {
  return largest_in_lanes(floats, count);
}

static int is_wide(void) { return __builtin_cpu_supports("avx2"); }
#else
static struct mcc_magnitude_sums sum_wide(const char *floats, size_t count, int32_t lower, int32_t upper) {
  return sum_in_lanes(floats, count, lower, upper);
}

static uint32_t largest_wide(const char *floats, size_t count) { return largest_in_lanes(floats, count); }

static int is_wide(void) { return 0; }
#endif

struct mcc_magnitude_sums mcc_sum_magnitudes(const void *floats, size_t count, int32_t lower, int32_t upper) {
  return is_wide() ? sum_wide(floats, count, lower, upper) : sum_in_lanes(floats, count, lower, upper);
}

uint32_t mcc_largest_magnitude(const void *floats, size_t count) {
  return is_wide() ? largest_wide(floats, count) : largest_in_lanes(floats, count);
}
