#pragma once

#include "AddedTokens.h"
#include "JsonNode.h"

namespace lethe {

/// What is put around an encoded text. Only texts by themselves are encoded here, so the template for pairs is not kept.
struct PostProcessor {
    std::vector<std::int32_t> before;
    std::vector<std::int32_t> behind;

    /// \p node: the file's post_processor, not null. Unsupported names the type.
    static Result<PostProcessor> read(const JsonNode &node);
};

} // namespace lethe
