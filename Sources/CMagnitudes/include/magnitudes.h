#ifndef MCC_MAGNITUDES_H
#define MCC_MAGNITUDES_H

#include <stddef.h>
#include <stdint.h>

/// How many floats make up a run, and how many are taken at once.
enum { MCC_MAGNITUDE_RUN = 128, MCC_MAGNITUDE_LANES = 8 };

/// What a run of floats sums up to. Bits do not depend on the processor: each lane is added up in single precision, and the
/// lanes one after the other in double.
struct mcc_magnitude_sums {
  /// The sum of all squares.
  double squares;
  /// The sum of the squares of what lies below the bracket, and how many elements that are.
  double squares_below;
  int32_t count_below;
  /// The elements inside the bracket, a bit each, from the lowest bit of the first word on.
  uint64_t inside[MCC_MAGNITUDE_RUN / 64];
};

/// Sums up `count` floats, a multiple of MCC_MAGNITUDE_LANES and at most MCC_MAGNITUDE_RUN, against a bracket of magnitudes
/// `lower ..< upper`, given as their bits without a sign. The floats need not be aligned.
struct mcc_magnitude_sums mcc_sum_magnitudes(const void *_Nonnull floats, size_t count, int32_t lower, int32_t upper);

/// The largest of the bits without their signs of `count` floats, a multiple of MCC_MAGNITUDE_LANES; they need not be aligned.
uint32_t mcc_largest_magnitude(const void *_Nonnull floats, size_t count);

#endif
