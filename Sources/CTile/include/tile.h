#ifndef MCC_TILE_H
#define MCC_TILE_H

#include <stddef.h>

/// The rows and columns of a tile: what a processor's vector registers hold of a product at once.
enum { MCC_TILE_ROWS = 6, MCC_TILE_COLUMNS = 16 };

/// Sets one tile of a matrix to the product of a panel of MCC_TILE_ROWS rows and one of MCC_TILE_COLUMNS columns, plus a
/// number of `start` for each row unless that is null.
///
/// Both panels lie depth step by depth step: `left[step * MCC_TILE_ROWS + row]`, `right[step * MCC_TILE_COLUMNS + column]`.
/// Of the tile, `rows` times `columns` elements are written; its rows lie `stride` elements apart. Its bits depend on the
/// processor: on one with fused multiplication and addition a product is not rounded before it is added.
void mcc_set_tile(
    size_t depth, const float *left, const float *right, const float *start, float *tile, size_t stride, size_t rows,
    size_t columns);

/// Adds to one tile what `mcc_set_tile` would set it to.
void mcc_add_tile(
    size_t depth, const float *left, const float *right, float *tile, size_t stride, size_t rows, size_t columns);

/// Copies `lanes` rows of `depth` floats into a panel in which the elements of each step lie together, `width` apart from
/// those of the next. Rows lie `lane_step` bytes apart, and elements of a row `depth_step`; none need be aligned.
void mcc_pack_panel(
    size_t depth, const void *rows, size_t depth_step, size_t lane_step, size_t lanes, size_t width, float *panel);

#endif
