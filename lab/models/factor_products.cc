// Products of users' and items' factors, with gradients that are rows.
//
// LibTorch's own way would be four embeddings, a product and two sums, of which each writes a tensor of the batch, and
// gradients whose equal rows are not summed yet; here both passes read the tables' rows once.
#include "models/factor_products.h"

#include <thalweg/error.h>

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/autograd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

namespace thalweg::lab {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

constexpr std::int64_t kGrain = 1 << 15;  // multiplications that are worth a thread

/// In 16 running sums, which become vectors whatever their width.
float dot(const float* a, const float* b, std::int64_t size) {
  constexpr std::int64_t kLanes = 16;
  std::array<float, kLanes> sums{};
  std::int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes)
    for (std::int64_t lane = 0; lane < kLanes; ++lane)
      sums[static_cast<std::size_t>(lane)] += a[i + lane] * b[i + lane];
  for (std::int64_t lane = 0; i < size; ++i, ++lane) sums[static_cast<std::size_t>(lane)] += a[i] * b[i];
  for (std::size_t half = kLanes / 2; half > 0; half /= 2)
    for (std::size_t lane = 0; lane < half; ++lane) sums[lane] += sums[lane + half];
  return sums[0];
}

void add(float* to, float factor, const float* values, std::int64_t size) {
  for (std::int64_t i = 0; i < size; ++i) to[i] += factor * values[i];
}

/// The users, or the items, of a batch: where each one stands, in the batch's order. A counting sort.
struct Groups {
  std::vector<std::int64_t> codes;   ///< distinct, ascending, without 0, whose row stays 0
  std::vector<std::int32_t> begins;  ///< of each code's places, and their end
  std::vector<std::int32_t> places;  ///< numbers of pairs of a user and an item; of users, of examples

  /// `list`: `count` rows of a user and `items` items; `rows`: of the table.
  Groups(const std::int64_t* list, std::int64_t count, std::int64_t items, bool of_users, std::int64_t rows) {
    const std::int64_t each = of_users ? 1 : items;
    const auto code_at = [&](std::int64_t i, std::int64_t j) {
      return static_cast<std::size_t>(list[i * (items + 1) + (of_users ? 0 : 1 + j)]);
    };
    std::vector<std::int32_t> next(static_cast<std::size_t>(rows));  // first how many, then where the next one goes
    for (std::int64_t i = 0; i < count; ++i)
      for (std::int64_t j = 0; j < each; ++j) ++next[code_at(i, j)];
    begins.push_back(0);
    for (std::size_t code = 1; code < next.size(); ++code) {
      if (next[code] == 0) continue;
      codes.push_back(static_cast<std::int64_t>(code));
      const std::int32_t begin = begins.back();
      begins.push_back(begin + next[code]);
      next[code] = begin;
    }
    places.resize(static_cast<std::size_t>(begins.back()));
    for (std::int64_t i = 0; i < count; ++i) {
      for (std::int64_t j = 0; j < each; ++j) {
        const std::size_t code = code_at(i, j);
        if (code > 0) places[static_cast<std::size_t>(next[code]++)] = static_cast<std::int32_t>(i * each + j);
      }
    }
  }

  std::int64_t count() const { return static_cast<std::int64_t>(codes.size()); }
  std::span<const std::int32_t> of(std::int64_t group) const {
    const auto g = static_cast<std::size_t>(group);
    return std::span(places).subspan(static_cast<std::size_t>(begins[g]),
                                     static_cast<std::size_t>(begins[g + 1] - begins[g]));
  }
};

torch::Tensor rows_tensor(const Groups& groups, torch::Tensor values, torch::IntArrayRef shape) {
  torch::Tensor indices = torch::empty({1, groups.count()}, torch::kInt64);
  std::ranges::copy(groups.codes, indices.data_ptr<std::int64_t>());
  return at::_sparse_coo_tensor_unsafe(indices, std::move(values), shape,
                                       torch::dtype(torch::kFloat32).layout(torch::kSparse))
      ._coalesced_(true);
}

void check_codes(const torch::Tensor& codes, std::int64_t users, std::int64_t items) {
  const std::int64_t* code = codes.data_ptr<std::int64_t>();
  const std::int64_t width = codes.size(1);
  for (std::int64_t i = 0; i < codes.size(0); ++i) {
    for (std::int64_t j = 0; j < width; ++j, ++code) {
      const std::int64_t rows = j == 0 ? users : items;
      if (*code >= 0 && *code < rows) continue;
      throw Error(fmt::format("factorization: {} {} is outside [0, {})", j == 0 ? "user" : "item", *code, rows));
    }
  }
}

torch::Tensor products(const FactorTables& tables, const torch::Tensor& codes) {
  const std::int64_t count = codes.size(0), items = codes.size(1) - 1, factors = tables.user_factors.size(1);
  torch::Tensor result = torch::empty({count, items}, torch::kFloat32);
  const float *p = tables.user_factors.data_ptr<float>(), *q = tables.item_factors.data_ptr<float>();
  const float *user_bias = tables.user_bias.data_ptr<float>(), *item_bias = tables.item_bias.data_ptr<float>();
  const std::int64_t* list = codes.data_ptr<std::int64_t>();
  float* to = result.data_ptr<float>();
  at::parallel_for(0, count, std::max<std::int64_t>(1, kGrain / (factors * std::max<std::int64_t>(1, items))),
                   [&](std::int64_t begin, std::int64_t end) {
                     for (std::int64_t i = begin; i < end; ++i) {
                       const std::int64_t* row = list + i * (items + 1);
                       for (std::int64_t j = 0; j < items; ++j) {
                         to[i * items + j] = user_bias[row[0]] + item_bias[row[1 + j]] +
                                             dot(p + row[0] * factors, q + row[1 + j] * factors, factors);
                       }
                     }
                   });
  return result;
}

class FactorProducts : public torch::autograd::Function<FactorProducts> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& user_factors,
                               const torch::Tensor& user_bias, const torch::Tensor& item_factors,
                               const torch::Tensor& item_bias, const torch::Tensor& codes) {
    context->save_for_backward({user_factors, user_bias, item_factors, item_bias, codes});
    return products({user_factors, user_bias, item_factors, item_bias}, codes);
  }

  static tensor_list backward(AutogradContext* context, tensor_list gradients) {
    const tensor_list saved = context->get_saved_variables();
    const torch::Tensor &user_factors = saved[0], &item_factors = saved[2], &codes = saved[4];
    const torch::Tensor gradient = gradients[0].contiguous();
    const std::int64_t count = codes.size(0), items = codes.size(1) - 1, factors = user_factors.size(1);
    const std::int64_t* list = codes.data_ptr<std::int64_t>();
    const float *p = user_factors.data_ptr<float>(), *q = item_factors.data_ptr<float>(),
                *g = gradient.data_ptr<float>();
    const Groups users(list, count, items, true, user_factors.size(0)),
        of_items(list, count, items, false, item_factors.size(0));

    torch::Tensor user_rows = torch::zeros({users.count(), factors}), user_sums = torch::zeros({users.count()});
    torch::Tensor item_rows = torch::zeros({of_items.count(), factors}), item_sums = torch::zeros({of_items.count()});
    float *to_user = user_rows.data_ptr<float>(), *to_user_bias = user_sums.data_ptr<float>();
    float *to_item = item_rows.data_ptr<float>(), *to_item_bias = item_sums.data_ptr<float>();
    const auto grain = [&](std::int64_t groups) {
      return std::max<std::int64_t>(1, kGrain * groups / std::max<std::int64_t>(1, count * items * factors));
    };
    at::parallel_for(0, users.count(), grain(users.count()), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t group = begin; group < end; ++group) {
        for (const std::int32_t i : users.of(group)) {
          for (std::int64_t j = 0; j < items; ++j) {
            add(to_user + group * factors, g[i * items + j], q + list[i * (items + 1) + 1 + j] * factors, factors);
            to_user_bias[group] += g[i * items + j];
          }
        }
      }
    });
    at::parallel_for(0, of_items.count(), grain(of_items.count()), [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t group = begin; group < end; ++group) {
        for (const std::int32_t place : of_items.of(group)) {
          add(to_item + group * factors, g[place], p + list[place / items * (items + 1)] * factors, factors);
          to_item_bias[group] += g[place];
        }
      }
    });
    return {rows_tensor(users, user_rows, user_factors.sizes()),
            rows_tensor(users, user_sums, saved[1].sizes()),
            rows_tensor(of_items, item_rows, item_factors.sizes()),
            rows_tensor(of_items, item_sums, saved[3].sizes()),
            {}};
  }
};

}  // namespace

torch::Tensor factor_products(const FactorTables& tables, const torch::Tensor& codes) {
  check_codes(codes, tables.user_factors.size(0), tables.item_factors.size(0));
  if (!torch::GradMode::is_enabled()) return products(tables, codes);
  return FactorProducts::apply(tables.user_factors, tables.user_bias, tables.item_factors, tables.item_bias, codes);
}

}  // namespace thalweg::lab
