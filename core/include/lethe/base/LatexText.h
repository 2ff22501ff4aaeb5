#pragma once

#include <lethe/base/Export.h>

#include <string>
#include <string_view>

namespace lethe {

/// \p text as LaTeX sets it word for word: special characters escaped, line breaks as spaces, arrows, signs and Greek letters as
/// the mathematics that pdfLaTeX knows. Letters of other scripts stay as they are, for engines that read them.
LETHE_EXPORT std::string latexText(std::string_view text);

/// Whether such letters are among \p text, so that pdfLaTeX with its default fonts would stop there.
LETHE_EXPORT bool needsUnicodeLatex(std::string_view text);

} // namespace lethe
