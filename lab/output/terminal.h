// What the terminals are that stdout and stderr may be.
#pragma once

#include <cstddef>

namespace thalweg::lab {

bool is_terminal(int descriptor) noexcept;

/// The terminal's width, or COLUMNS if that is set; 40 if it is narrower, 80 if it is unknown.
std::size_t terminal_columns(int descriptor) noexcept;

/// A terminal that understands colours, and nobody has set NO_COLOR.
bool has_colours(int descriptor) noexcept;

/// A terminal on which a line can be drawn again.
bool can_redraw(int descriptor) noexcept;

}  // namespace thalweg::lab
