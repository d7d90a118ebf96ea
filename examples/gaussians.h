// A picture made of 2-D Gaussians, forward and backward pass written out by hand; rows can be split.
//
// Each row is one Gaussian, with five parameters: position μ (2), logarithms of its two widths s (2), angle φ (1),
// colour c (3) and opacity o (1). At the pixel x, with d = x − μ:
//
//   p = (d₀ cos φ + d₁ sin φ) / s₀      q = (d₁ cos φ − d₀ sin φ) / s₁
//   w = a e^−(p² + q²)/2                a = 1 / (1 + e^−o)
//   C = (ε c⁰ + Σ w c) / W              W = ε + Σ w                  a mean of colours; grey, c⁰, where there are none
//   L = mean (C − target)²                                           over pixels and channels
//
// Going back through it by the chain rule, with e = ∂L/∂C = 2 (C − target) / (pixels · channels) and sums over pixels:
//
//   ∂L/∂c = Σ e w / W                   h = ∂L/∂w = e · (c − C) / W
//   ∂L/∂o = Σ h w (1 − a)               ∂L/∂φ = Σ h w p q (s₀ / s₁ − s₁ / s₀)
//   ∂L/∂log s₀ = Σ h w p²               ∂L/∂μ₀ = Σ h w (p cos φ / s₀ − q sin φ / s₁)
//   ∂L/∂log s₁ = Σ h w q²               ∂L/∂μ₁ = Σ h w (p sin φ / s₀ + q cos φ / s₁)
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <random>
#include <string_view>
#include <vector>

/// Three channels from 0 to 1, one line of pixels after the other.
struct Picture {
  int width = 0;
  int height = 0;
  std::vector<float> values =
      std::vector<float>(3 * static_cast<std::size_t>(width) * static_cast<std::size_t>(height));

  std::size_t index(int x, int y) const { return static_cast<std::size_t>(y * width + x); }
  float* pixel(int x, int y) { return values.data() + 3 * index(x, y); }
  const float* pixel(int x, int y) const { return values.data() + 3 * index(x, y); }
};

/// A rectangle of pixels; right and bottom are one behind its last ones.
struct Part {
  int left, right, top, bottom;

  std::size_t pixels() const { return static_cast<std::size_t>(right - left) * static_cast<std::size_t>(bottom - top); }
};

/// One parameter of all Gaussians, a row each, and its gradient.
struct Table {
  std::string_view name;
  std::size_t width;
  std::vector<float> values = {}, gradient = {};

  float* row(std::size_t i) { return values.data() + i * width; }
  const float* row(std::size_t i) const { return values.data() + i * width; }
};

class Gaussians {
 public:
  /// Evenly spread, as wide as there is room for each, in the colours that are there. Roberts' sequence of places has
  /// no gaps and no heaps for any count; where it begins is random.
  Gaussians(const Picture& target, std::size_t count, unsigned seed) : picture{target.width, target.height} {
    std::mt19937 generator(seed);
    const auto uniform = [&] { return static_cast<float>(generator() >> 8) / 16777216; };  // in [0, 1)
    const float room = std::sqrt(static_cast<float>(target.width * target.height) / static_cast<float>(count));
    float x_share = uniform(), y_share = uniform();
    for (std::size_t i = 0; i < count; ++i) {
      x_share += 0.7548777f;
      y_share += 0.5698403f;
      x_share -= std::floor(x_share);
      y_share -= std::floor(y_share);
      const float x = x_share * static_cast<float>(target.width), y = y_share * static_cast<float>(target.height);
      const float* there = target.pixel(static_cast<int>(x), static_cast<int>(y));
      position.values.insert(position.values.end(), {x - 0.5f, y - 0.5f});
      log_scale.values.insert(log_scale.values.end(), {std::log(0.7f * room), std::log(0.5f * room)});
      angle.values.push_back(3.14159265f * uniform());
      colour.values.insert(colour.values.end(), there, there + 3);
      opacity.values.push_back(0);
    }
  }

  std::size_t size() const { return opacity.values.size(); }
  std::array<Table*, 5> tables() { return {&position, &log_scale, &angle, &colour, &opacity}; }

  /// Forward and backward pass over a part of the picture: draws it, gives its mean squared error, leaves the gradients
  /// and `share`.
  double run(const Picture& target, const Part& part);
  double run(const Picture& target) { return run(target, {0, target.width, 0, target.height}); }

  /// Takes row `i` apart along its longer axis, into halves with its mass, centre and variance: one in its place, the
  /// other behind the last row.
  void split(std::size_t i);

  Table position{"position", 2}, log_scale{"log_scale", 2}, angle{"angle", 1}, colour{"colour", 3},
      opacity{"opacity", 1};
  Picture picture;
  std::vector<float> share;  ///< Σ w / W: how many pixels of the part are this row's

 private:
  /// One Gaussian, and the pixels that it reaches: those within three widths.
  struct Window : Part {
    float x, y;
    float p_x, p_y, q_x, q_y;  // p = p_x d₀ + p_y d₁, q = q_x d₀ + q_y d₁
    float scale0, scale1, amplitude;
  };
  Window window(std::size_t i, const Part& part) const;
  void forward(const Part& part);
  double compare(const Picture& target, const Part& part);
  void backward();

  std::vector<Window> windows_;
  std::vector<float> weights_;  // w of each row and pixel of its window, one after the other
  std::vector<float> total_;    // W of each pixel
  std::vector<float> error_;    // e
};

inline Gaussians::Window Gaussians::window(std::size_t i, const Part& part) const {
  const float x = position.row(i)[0], y = position.row(i)[1];
  const float cosine = std::cos(angle.values[i]), sine = std::sin(angle.values[i]);
  const float scale0 = std::exp(log_scale.row(i)[0]), scale1 = std::exp(log_scale.row(i)[1]);
  const float reach_x = 3 * std::hypot(scale0 * cosine, scale1 * sine);
  const float reach_y = 3 * std::hypot(scale0 * sine, scale1 * cosine);
  const auto first_behind = [](float place, int low, int high) {
    return static_cast<int>(std::clamp(std::ceil(place), static_cast<float>(low), static_cast<float>(high)));
  };
  return {{first_behind(x - reach_x, part.left, part.right), first_behind(x + reach_x, part.left, part.right),
           first_behind(y - reach_y, part.top, part.bottom), first_behind(y + reach_y, part.top, part.bottom)},
          x,
          y,
          cosine / scale0,
          sine / scale0,
          -sine / scale1,
          cosine / scale1,
          scale0,
          scale1,
          1 / (1 + std::exp(-opacity.values[i]))};
}

inline double Gaussians::run(const Picture& target, const Part& part) {
  forward(part);
  const double loss = compare(target, part);
  backward();
  return loss;
}

/// Every row adds its weighted colour to the pixels that it reaches.
inline void Gaussians::forward(const Part& part) {
  constexpr float kBackground = 1e-3f;  // ε, of a grey of ½
  std::fill(picture.values.begin(), picture.values.end(), 0.5f * kBackground);
  total_.assign(picture.values.size() / 3, kBackground);
  windows_.clear();
  std::size_t reached = 0;
  for (std::size_t i = 0; i < size(); ++i) {
    windows_.push_back(window(i, part));
    reached += windows_.back().pixels();
  }
  weights_.resize(reached);
  float* weight = weights_.data();
  for (std::size_t i = 0; i < size(); ++i) {
    const Window to = windows_[i];  // a copy: no store below can change it
    const std::array<float, 3> c{colour.row(i)[0], colour.row(i)[1], colour.row(i)[2]};
    for (int y = to.top; y < to.bottom; ++y) {
      for (int x = to.left; x < to.right; ++x) {
        const float dx = static_cast<float>(x) - to.x, dy = static_cast<float>(y) - to.y;
        const float p = to.p_x * dx + to.p_y * dy, q = to.q_x * dx + to.q_y * dy;
        const float w = to.amplitude * std::exp(-0.5f * (p * p + q * q));
        *weight++ = w;
        total_[picture.index(x, y)] += w;
        for (std::size_t channel = 0; channel < 3; ++channel) picture.pixel(x, y)[channel] += w * c[channel];
      }
    }
  }
}

/// From sums of colours to means; their error.
inline double Gaussians::compare(const Picture& target, const Part& part) {
  const auto count = static_cast<float>(3 * part.pixels());
  double loss = 0;
  error_.assign(picture.values.size(), 0);
  for (int y = part.top; y < part.bottom; ++y) {
    for (std::size_t k = 3 * picture.index(part.left, y); k < 3 * picture.index(part.right, y); ++k) {
      picture.values[k] /= total_[k / 3];
      const float difference = picture.values[k] - target.values[k];
      loss += static_cast<double>(difference * difference / count);
      error_[k] = 2 * difference / count;
    }
  }
  return loss;
}

/// Every row collects its gradients from the same pixels.
inline void Gaussians::backward() {
  for (Table* table : tables()) table->gradient.assign(table->values.size(), 0);
  share.assign(size(), 0);
  const float* w = weights_.data();
  for (std::size_t i = 0; i < size(); ++i) {
    const Window from = windows_[i];
    const std::array<float, 3> c{colour.row(i)[0], colour.row(i)[1], colour.row(i)[2]};
    std::array<float, 3> colours{};
    // Of w / W, and of h w, alone and times p, q, p², q², p q.
    float share_sum = 0, all = 0, p_sum = 0, q_sum = 0, pp_sum = 0, qq_sum = 0, pq_sum = 0;
    for (int y = from.top; y < from.bottom; ++y) {
      for (int x = from.left; x < from.right; ++x) {
        const float dx = static_cast<float>(x) - from.x, dy = static_cast<float>(y) - from.y;
        const float p = from.p_x * dx + from.p_y * dy, q = from.q_x * dx + from.q_y * dy;
        const float portion = *w++ / total_[picture.index(x, y)];
        const float* e = error_.data() + 3 * picture.index(x, y);
        float hw = 0;
        for (std::size_t channel = 0; channel < 3; ++channel) {
          colours[channel] += e[channel] * portion;
          hw += e[channel] * portion * (c[channel] - picture.pixel(x, y)[channel]);
        }
        all += hw;
        p_sum += hw * p;
        q_sum += hw * q;
        pp_sum += hw * p * p;
        qq_sum += hw * q * q;
        pq_sum += hw * p * q;
        share_sum += portion;
      }
    }
    share[i] = share_sum;
    position.gradient[2 * i] = p_sum * from.p_x + q_sum * from.q_x;
    position.gradient[2 * i + 1] = p_sum * from.p_y + q_sum * from.q_y;
    log_scale.gradient[2 * i] = pp_sum;
    log_scale.gradient[2 * i + 1] = qq_sum;
    angle.gradient[i] = pq_sum * (from.scale0 / from.scale1 - from.scale1 / from.scale0);
    std::copy(colours.begin(), colours.end(), colour.gradient.data() + 3 * i);
    opacity.gradient[i] = all * (1 - from.amplitude);
  }
}

inline void Gaussians::split(std::size_t i) {
  const std::size_t other = size();
  for (Table* table : tables()) {
    table->values.resize((other + 1) * table->width);
    std::copy_n(table->row(i), table->width, table->row(other));
  }
  constexpr float kShift = 0.7f;                          // of the halves from the centre, in widths of the whole
  const float narrower = std::sqrt(1 - kShift * kShift);  // so wide are they then, for the same variance
  const Window whole = window(i, {});
  const float amplitude = 0.5f * whole.amplitude / narrower;  // and so high, for the same mass
  const bool second = whole.scale1 > whole.scale0;
  const float scale = second ? whole.scale1 : whole.scale0;
  const float x = kShift * scale * scale * (second ? whole.q_x : whole.p_x);  // the axis has length 1 / scale
  const float y = kShift * scale * scale * (second ? whole.q_y : whole.p_y);
  for (const std::size_t half : {i, other}) {
    const float side = half == i ? 1.0f : -1.0f;
    position.row(half)[0] += side * x;
    position.row(half)[1] += side * y;
    log_scale.row(half)[second ? 1 : 0] += std::log(narrower);
    opacity.values[half] = std::log(amplitude / (1 - amplitude));
  }
}
