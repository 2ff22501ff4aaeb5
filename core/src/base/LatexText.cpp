#include <lethe/base/LatexText.h>

#include <algorithm>
#include <array>
#include <utility>

namespace lethe {

namespace {

using Replacement = std::pair<std::string_view, std::string_view>;

constexpr std::array<Replacement, 18> kText{{{"\\", "\\textbackslash{}"}, {"&", "\\&"}, {"%", "\\%"}, {"$", "\\$"}, {"#", "\\#"}, {"_", "\\_"}, {"{", "\\{"}, {"}", "\\}"},
    {"~", "\\textasciitilde{}"}, {"^", "\\textasciicircum{}"}, {"<", "\\textless{}"}, {">", "\\textgreater{}"}, {"|", "\\textbar{}"}, {"\n", " "}, {"\r", " "},
    {"–", "--"}, {"\u202F", "~"}, {"\u00A0", "~"}}};

constexpr std::array<Replacement, 43> kMathematics{{{"↓", "\\downarrow"}, {"↑", "\\uparrow"}, {"→", "\\rightarrow"}, {"←", "\\leftarrow"}, {"−", "-"}, {"·", "\\cdot"},
    {"×", "\\times"}, {"±", "\\pm"}, {"≤", "\\leq"}, {"≥", "\\geq"}, {"≠", "\\neq"}, {"≈", "\\approx"}, {"∞", "\\infty"}, {"α", "\\alpha"}, {"β", "\\beta"},
    {"γ", "\\gamma"}, {"δ", "\\delta"}, {"ε", "\\varepsilon"}, {"ζ", "\\zeta"}, {"η", "\\eta"}, {"θ", "\\theta"}, {"ι", "\\iota"}, {"κ", "\\kappa"}, {"λ", "\\lambda"},
    {"μ", "\\mu"}, {"ν", "\\nu"}, {"ξ", "\\xi"}, {"π", "\\pi"}, {"ρ", "\\rho"}, {"σ", "\\sigma"}, {"τ", "\\tau"}, {"φ", "\\varphi"}, {"χ", "\\chi"}, {"ψ", "\\psi"},
    {"ω", "\\omega"}, {"Γ", "\\Gamma"}, {"Δ", "\\Delta"}, {"Θ", "\\Theta"}, {"Λ", "\\Lambda"}, {"Π", "\\Pi"}, {"Σ", "\\Sigma"}, {"Φ", "\\Phi"}, {"Ω", "\\Omega"}}};

/// The replacement of the character at the start of \p text; its first part is empty where there is none.
Replacement replacementAt(std::string_view text, bool &isMathematics)
{
    for (const auto *list : {&kText[0], &kMathematics[0]}) {
        isMathematics = list == &kMathematics[0];
        for (std::size_t i = 0; i < (isMathematics ? kMathematics.size() : kText.size()); ++i)
            if (text.starts_with(list[i].first))
                return list[i];
    }
    return {};
}

std::size_t lengthOf(char lead)
{
    const auto byte = static_cast<unsigned char>(lead);
    return byte < 0xC0 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

/// Latin letters with their accents (up to U+017F) and the dashes, quotes and dots of U+2010 to U+2026: LaTeX's own input table.
bool isKnownToLatex(std::string_view character)
{
    if (character.size() == 1)
        return true;
    if (character.size() == 2)
        return static_cast<unsigned char>(character[0]) <= 0xC5;
    return character.size() == 3 && character.starts_with("\xE2\x80") && static_cast<unsigned char>(character[2]) >= 0x90 && static_cast<unsigned char>(character[2]) <= 0xA6;
}

template<typename Take>
void forEachCharacter(std::string_view text, Take take)
{
    while (!text.empty()) {
        bool isMathematics = false;
        const Replacement replacement = replacementAt(text, isMathematics);
        const std::size_t length = replacement.first.empty() ? std::min(lengthOf(text.front()), text.size()) : replacement.first.size();
        take(text.substr(0, length), replacement.second, isMathematics && !replacement.first.empty());
        text.remove_prefix(length);
    }
}

} // namespace

std::string latexText(std::string_view text)
{
    std::string escaped;
    forEachCharacter(text, [&escaped](std::string_view character, std::string_view replacement, bool isMathematics) {
        if (replacement.empty())
            escaped += character;
        else
            escaped += isMathematics ? "$" + std::string(replacement) + "$" : std::string(replacement);
    });
    return escaped;
}

bool needsUnicodeLatex(std::string_view text)
{
    bool needs = false;
    forEachCharacter(text, [&needs](std::string_view character, std::string_view replacement, bool) { needs = needs || (replacement.empty() && !isKnownToLatex(character)); });
    return needs;
}

} // namespace lethe
