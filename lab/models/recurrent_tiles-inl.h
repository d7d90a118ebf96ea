// Tiles of recurrent layers: products with sums in registers, then the gates. Included once for each target, inside its
// namespace, after gate_math-inl.h.

inline constexpr std::int64_t kUnits = static_cast<std::int64_t>(kLanes);

/// A tile's sums fill the registers, beside those for weights and inputs: 6 × 4 of 32, or 3 × 4 of 16.
inline constexpr int kSums = 4;
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_SSE4
inline constexpr int kMostRows = 3;
#else
inline constexpr int kMostRows = 6;
#endif
inline constexpr std::int64_t kWidePanel = kSums;

template <int kRows>
using Sums = Vector[kRows][kSums];

/// sums += a × panel, where `a` is [kRows, count], `stride` apart, and `panel` [count, kColumns vectors]. The last
/// column's sum is kLast.
template <int kRows, int kColumns, int kLast = kColumns - 1>
HWY_INLINE void add_products(const float* HWY_RESTRICT a, std::int64_t stride, std::int64_t count,
                             const float* HWY_RESTRICT panel, Sums<kRows>& sums) {
  for (std::int64_t k = 0; k < count; ++k, panel += kColumns * kUnits) {
    Vector weights[kColumns];
#pragma GCC unroll 4
    for (int column = 0; column < kColumns; ++column) weights[column] = hn::LoadU(Tag(), panel + column * kUnits);
#pragma GCC unroll 6
    for (int row = 0; row < kRows; ++row) {
      const Vector factor = constant(a[row * stride + k]);
#pragma GCC unroll 4
      for (int column = 0; column < kColumns; ++column) {
        Vector& sum = sums[row][column + 1 == kColumns ? kLast : column];
        sum = hn::MulAdd(factor, weights[column], sum);
      }
    }
  }
}

/// Tiles with balanced numbers of rows: none so small that it waits for its own sums.
template <class Tile>
HWY_INLINE void for_tiles(std::int64_t first, std::int64_t end, const Tile& tile) {
  for (std::int64_t left = (end - first + kMostRows - 1) / kMostRows; left > 0; --left) {
    const std::int64_t rows = (end - first + left - 1) / left;
    tile(first, rows);
    first += rows;
  }
}

/// Rows of one step, and where one hidden unit's vector is in them.
struct Place {
  std::int64_t width, row, unit;  ///< `row`: t × batch + b

  template <class Number>
  HWY_INLINE Number* in(Number* states, std::int64_t later = 0) const {
    return states + (row + later) * width + unit;
  }
  template <class Number>
  HWY_INLINE Number* in_blocks(Number* blocks, std::int64_t count, std::int64_t block) const {
    return blocks + (row * count + block) * width + unit;
  }
};

HWY_INLINE Vector load(const float* from) { return hn::LoadU(Tag(), from); }
HWY_INLINE void store(Vector x, float* to) { hn::StoreU(x, Tag(), to); }
/// x (1 − x), sigmoid's derivative by its value.
HWY_INLINE Vector sigmoid_slope(Vector x) { return hn::NegMulAdd(x, x, x); }
/// y (1 − x²): tanh's derivative by its value, times y.
HWY_INLINE Vector times_tanh_slope(Vector y, Vector x) { return hn::NegMulAdd(hn::Mul(y, x), x, y); }

/// New states of one row's units from their sums.
template <Cell cell>
HWY_INLINE void apply_gates(const ForwardPass& pass, const Place& place, std::int64_t t, std::int64_t b,
                            const float* sums) {
  constexpr std::int64_t kKept = kept_count(cell);
  const std::int64_t batch = pass.shape.batch;
  float* const h = place.in(pass.h, batch);
  Vector kept[kKept];
  if constexpr (cell == Cell::lstm) {
    float* const c = pass.c + t * pass.c_step + b * place.width + place.unit;
    const Vector i = sigmoid(load(sums)), f = sigmoid(load(sums + kUnits));
    const Vector g = tanh(load(sums + 2 * kUnits)), o = sigmoid(load(sums + 3 * kUnits));
    const Vector next = hn::MulAdd(f, load(c), hn::Mul(i, g)), squashed = tanh(next);
    store(next, c + pass.c_step);
    store(hn::Mul(o, squashed), h);
    kept[0] = i, kept[1] = f, kept[2] = g, kept[3] = o, kept[4] = squashed;
  } else {
    const Vector r = sigmoid(load(sums)), z = sigmoid(load(sums + kUnits)), hidden_n = load(sums + 3 * kUnits);
    const Vector n = tanh(hn::MulAdd(r, hidden_n, load(sums + 2 * kUnits)));
    // (1 − z) n + z h
    store(hn::MulAdd(z, hn::Sub(load(place.in(pass.h)), n), n), h);
    kept[0] = n, kept[1] = r, kept[2] = z, kept[3] = hidden_n;
  }
  if (pass.kept == nullptr) return;
#pragma GCC unroll 5
  for (std::int64_t block = 0; block < kKept; ++block) store(kept[block], place.in_blocks(pass.kept, kKept, block));
}

template <Cell cell, int kRows>
void forward_tile(const ForwardPass& pass, std::int64_t t, std::int64_t panel, std::int64_t row) {
  constexpr int kGates = static_cast<int>(gate_count(cell));
  const RecurrentShape& shape = pass.shape;
  const std::int64_t width = padded_width(shape.hidden);
  const float* packed = pass.packed + panel * kUnits * (kSums + kGates * (shape.inputs + shape.hidden));
  HWY_ALIGN float buffer[kRows][kSums][kLanes];
  {
    Sums<kRows> sums;
#pragma GCC unroll 6
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
      for (int sum = 0; sum < kSums; ++sum) sums[r][sum] = load(packed + sum * kUnits);
    }
    packed += kSums * kUnits;
    add_products<kRows, kGates>(pass.x + t * pass.x_step + row * pass.x_row, pass.x_row, shape.inputs, packed, sums);
    packed += shape.inputs * kGates * kUnits;
    add_products<kRows, kGates, kSums - 1>(pass.h + (t * shape.batch + row) * width, width, shape.hidden, packed, sums);
#pragma GCC unroll 6
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
      for (int sum = 0; sum < kSums; ++sum) store(sums[r][sum], buffer[r][sum]);
    }
  }
#pragma GCC unroll 1
  for (int r = 0; r < kRows; ++r) {
    const Place place{width, t * shape.batch + row + r, panel * kUnits};
    apply_gates<cell>(pass, place, t, row + r, buffer[r][0]);
  }
}

/// Gradients at the gates of one row's units from `dh`, the gradient of their new states.
template <Cell cell>
HWY_INLINE void differentiate_gates(const BackwardPass& pass, const Place& place, std::int64_t b, Vector dh) {
  constexpr std::int64_t kKept = kept_count(cell);
  const auto kept = [&](std::int64_t block) HWY_ATTR { return load(place.in_blocks(pass.kept, kKept, block)); };
  float* const carry = pass.carry + b * place.width + place.unit;
  Vector gradients[kGradientBlocks];
  if constexpr (cell == Cell::lstm) {
    const Vector i = kept(0), f = kept(1), g = kept(2), o = kept(3), squashed = kept(4);
    const Vector dc = hn::Add(load(carry), times_tanh_slope(hn::Mul(dh, o), squashed));
    gradients[0] = hn::Mul(hn::Mul(dc, g), sigmoid_slope(i));
    gradients[1] = hn::Mul(hn::Mul(dc, load(place.in(pass.c))), sigmoid_slope(f));
    gradients[2] = times_tanh_slope(hn::Mul(dc, i), g);
    gradients[3] = hn::Mul(hn::Mul(dh, squashed), sigmoid_slope(o));
    store(hn::Mul(dc, f), carry);
  } else {
    const Vector n = kept(0), r = kept(1), z = kept(2), hidden_n = kept(3);
    dh = hn::Add(dh, load(carry));
    const Vector through_z = hn::Mul(dh, z);
    const Vector dn = times_tanh_slope(hn::Sub(dh, through_z), n);
    gradients[0] = dn;
    gradients[1] = hn::Mul(hn::Mul(dn, hidden_n), sigmoid_slope(r));
    gradients[2] = hn::Mul(hn::Mul(dh, hn::Sub(load(place.in(pass.h)), n)), sigmoid_slope(z));
    gradients[3] = hn::Mul(dn, r);
    store(through_z, carry);
  }
#pragma GCC unroll 4
  for (std::int64_t block = 0; block < kGradientBlocks; ++block) {
    store(gradients[block], place.in_blocks(pass.gates, kGradientBlocks, block));
  }
}

template <Cell cell, int kVectors, int kRows>
void backward_tile(const BackwardPass& pass, std::int64_t t, std::int64_t vector, std::int64_t row) {
  const RecurrentShape& shape = pass.shape;
  const std::int64_t width = padded_width(shape.hidden), gates = gate_count(cell);
  HWY_ALIGN float buffer[kRows][kSums][kLanes];
  {
    Sums<kRows> sums;
#pragma GCC unroll 6
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
      for (int sum = 0; sum < kVectors; ++sum) sums[r][sum] = hn::Zero(Tag());
    }
    if (t + 1 < shape.steps) {
      const float* packed = pass.packed + vector * kUnits * gates * shape.hidden;
      for (std::int64_t block = kGradientBlocks - gates; block < kGradientBlocks; ++block) {
        add_products<kRows, kVectors>(pass.gates + (((t + 1) * shape.batch + row) * kGradientBlocks + block) * width,
                                      kGradientBlocks * width, shape.hidden, packed, sums);
        packed += shape.hidden * kVectors * kUnits;
      }
    }
#pragma GCC unroll 6
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
      for (int sum = 0; sum < kVectors; ++sum) store(sums[r][sum], buffer[r][sum]);
    }
  }
  const float* const last = t + 1 == shape.steps ? pass.last_gradient : nullptr;
#pragma GCC unroll 1
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 1
    for (int v = 0; v < kVectors; ++v) {
      const Place place{width, t * shape.batch + row + r, (vector + v) * kUnits};
      Vector dh = load(buffer[r][v]);
      if (pass.steps_gradient != nullptr) dh = hn::Add(dh, load(place.in(pass.steps_gradient)));
      if (last != nullptr) dh = hn::Add(dh, load(last + (row + r) * width + place.unit));
      differentiate_gates<cell>(pass, place, row + r, dh);
    }
  }
}

/// Tiles by their number of rows.
template <class Function>
using TileTable = std::array<Function*, 7>;
using ForwardTile = void(const ForwardPass&, std::int64_t, std::int64_t, std::int64_t);
using BackwardTile = void(const BackwardPass&, std::int64_t, std::int64_t, std::int64_t);

// Zero rows: none. Rows that no tile has are not instantiated for narrow targets.
constexpr int most(int rows) { return rows < kMostRows ? rows : kMostRows; }
template <Cell cell>
constexpr TileTable<ForwardTile> kForwardTiles{nullptr,
                                               &forward_tile<cell, 1>,
                                               &forward_tile<cell, most(2)>,
                                               &forward_tile<cell, most(3)>,
                                               &forward_tile<cell, most(4)>,
                                               &forward_tile<cell, most(5)>,
                                               &forward_tile<cell, most(6)>};
template <Cell cell, int kVectors>
constexpr TileTable<BackwardTile> kBackwardTiles{nullptr,
                                                 &backward_tile<cell, kVectors, 1>,
                                                 &backward_tile<cell, kVectors, most(2)>,
                                                 &backward_tile<cell, kVectors, most(3)>,
                                                 &backward_tile<cell, kVectors, most(4)>,
                                                 &backward_tile<cell, kVectors, most(5)>,
                                                 &backward_tile<cell, kVectors, most(6)>};
