// Sigmoid and tanh on vectors of float. Included once for each target, inside its namespace.
//
// Against the exact values: sigmoid within 2.5 ulp (1.2e-7 absolute) above −87, where it stops at 1.6e-38; tanh within
// 2.5 ulp. Both give NaN for NaN, and the limits for ±∞.

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;
inline constexpr std::size_t kLanes = HWY_LANES(float);

HWY_INLINE Vector constant(float x) { return hn::Set(Tag(), x); }

/// x, but at most `limit`; NaN stays.
HWY_INLINE Vector at_most(Vector x, float limit) {
  return hn::IfThenElse(hn::Gt(x, constant(limit)), constant(limit), x);
}

/// eˣ for −87 ≤ x ≤ 88, within 1 ulp; NaN for NaN. x = n log 2 + r, and a polynomial of r (Cephes' expf).
HWY_INLINE Vector exp_in_range(Vector x) {
  // Adding 1.5 × 2²³ rounds to an integer, which then stands in the lowest bits.
  const Vector magic = constant(12582912.0F);
  const Vector shifted = hn::MulAdd(x, constant(1.44269504088896341F), magic);
  const Vector n = hn::Sub(shifted, magic);
  Vector r = hn::NegMulAdd(n, constant(0.693359375F), x);
  r = hn::NegMulAdd(n, constant(-2.12194440e-4F), r);
  Vector y = constant(1.9875691500e-4F);
  y = hn::MulAdd(y, r, constant(1.3981999507e-3F));
  y = hn::MulAdd(y, r, constant(8.3334519073e-3F));
  y = hn::MulAdd(y, r, constant(4.1665795894e-2F));
  y = hn::MulAdd(y, r, constant(1.6666665459e-1F));
  y = hn::MulAdd(y, r, constant(5.0000001201e-1F));
  y = hn::Add(hn::MulAdd(y, hn::Mul(r, r), r), constant(1.0F));
  const hn::RebindToSigned<Tag> bits;
  const auto power = hn::Add(hn::ShiftLeft<23>(hn::BitCast(bits, shifted)), hn::Set(bits, 127 << 23));
  // A product, not a sum of exponents: NaN stays NaN.
  return hn::Mul(y, hn::BitCast(Tag(), power));
}

HWY_INLINE Vector sigmoid(Vector x) {
  const Vector one = constant(1.0F);
  const Vector minus_x = hn::Neg(hn::IfThenElse(hn::Gt(x, constant(87.0F)), constant(87.0F), x));
  return hn::Div(one, hn::Add(one, exp_in_range(at_most(minus_x, 87.0F))));
}

HWY_INLINE Vector tanh(Vector x) {
  const Vector size = hn::Abs(x), one = constant(1.0F);
  // Above 9.02 tanh is 1.
  const Vector e = exp_in_range(at_most(hn::Add(size, size), 20.0F));
  const Vector large = hn::CopySign(hn::NegMulAdd(constant(2.0F), hn::Div(one, hn::Add(e, one)), one), x);
  // Near 0, where the difference would cancel: Cephes' tanhf.
  const Vector z = hn::Mul(x, x);
  Vector y = constant(-5.70498872745e-3F);
  y = hn::MulAdd(y, z, constant(2.06390887954e-2F));
  y = hn::MulAdd(y, z, constant(-5.37397155531e-2F));
  y = hn::MulAdd(y, z, constant(1.33314422036e-1F));
  y = hn::MulAdd(y, z, constant(-3.33332819422e-1F));
  const Vector small = hn::MulAdd(hn::Mul(y, z), x, x);
  return hn::IfThenElse(hn::Lt(size, constant(0.625F)), small, large);
}
