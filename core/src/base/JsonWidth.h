#pragma once

#include <lethe/base/Export.h>

#include <cstddef>
#include <string_view>

namespace lethe {

/// Offset of the colon behind the first key beyond \p most of one object; npos where there is none. Needs no valid JSON. Objects of `Json`
/// keep their order, and are searched from end to end for every key that comes in.
LETHE_EXPORT std::size_t tooManyKeysAt(std::string_view text, std::size_t most);

} // namespace lethe
