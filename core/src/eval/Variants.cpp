#include <lethe/eval/Variants.h>

#include <algorithm>

namespace lethe {

const std::vector<VariantManifest> &evaluationVariants()
{
    static const std::vector<VariantManifest> all{
        {EvaluationVariant::Strict, "strict", "The definitions: every row, every scored token, undefined where nothing is defined",
         {{"truth ratio", "geometric, in log space"},
          {"sample cap", "none"},
          {"answer length", "eval.generations.max_new_tokens; MUSE 32 and 128"},
          {"ROUGE", "TOFU: recall, stemmed; MUSE: F, not stemmed"},
          {"last scored token", "kept"},
          {"extraction strength", "from 0"},
          {"Min-K", "at least one token"},
          {"share among options", "no guard"}}},
        {EvaluationVariant::TofuOriginal, "tofu-original", "TOFU's own evaluation code",
         {{"truth ratio", "geometric; its reciprocal is stored with the rows"},
          {"sample cap", "the first 300 rows of a set"},
          {"answer length", "200 tokens, the prompt's among them"}}},
        {EvaluationVariant::OpenUnlearning, "open-unlearning", "open-unlearning's evaluation code",
         {{"truth ratio", "geometric, with 1e-10 in the denominator"},
          {"answer length", "200 new tokens; MUSE 32 and 128"},
          {"ROUGE", "stemmed in MUSE too; MUSE's verbatim reference is not cut"},
          {"last scored token", "dropped in exact memorization, extraction strength, Min-K, Min-K++ and gradient norm"},
          {"extraction strength", "from 1/L"},
          {"share among options", "1e-10 in the denominator"},
          {"mask", "from lengths here too; its own hides an end-of-text id within a prompt where that pads"}}},
        {EvaluationVariant::MuseOriginal, "muse-original", "MUSE's own evaluation code",
         {{"ROUGE", "F, not stemmed"},
          {"Min-K", "of the share rounded down, which may be no token: such a text has no score"},
          {"area of the attack", "A = 1 − auc stands beside the leakage"}}}};
    return all;
}

std::optional<EvaluationVariant> evaluationVariantFrom(std::string_view id)
{
    const auto found = std::ranges::find(evaluationVariants(), id, &VariantManifest::id);
    return found != evaluationVariants().end() ? std::optional(found->variant) : std::nullopt;
}

std::string_view toString(EvaluationVariant variant)
{
    return std::ranges::find(evaluationVariants(), variant, &VariantManifest::variant)->id;
}

} // namespace lethe
