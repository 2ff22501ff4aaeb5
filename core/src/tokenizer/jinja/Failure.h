#pragma once

#include <lethe/base/Result.h>

#include <string>

namespace lethe::jinja {

/// How a template fails inside the interpreter; ChatTemplate makes an Error of it.
struct Failure {
    ErrorCode code = ErrorCode::InvalidInput;
    std::string what;
    int line = 0; ///< of the template, from 1
    bool isRefusal = false; ///< the words are the template's own (`raise_exception`)
};

} // namespace lethe::jinja
