#include "TokenModel.h"

#include <limits>

namespace lethe {

Result<Vocabulary> readVocabulary(const JsonNode &node)
{
    if (!node.value().is_object())
        return node.corrupt("expected an object from tokens to ids");
    Vocabulary vocabulary;
    std::size_t bytes = 0;
    for (const auto &[token, id] : node.value().items())
        bytes += token.size();
    vocabulary.reserve(node.value().size(), bytes);
    for (const auto &[token, value] : node.value().items()) {
        LETHE_TRY(const std::int64_t id, node.at(token.c_str(), value).integer());
        if (id < 0 || id > std::numeric_limits<std::int32_t>::max())
            return node.at(token.c_str(), value).corrupt("the id " + std::to_string(id) + " is out of range");
        if (const auto other = vocabulary.tokenOf(static_cast<std::int32_t>(id)))
            return node.at(token.c_str(), value).corrupt("the id " + std::to_string(id) + " is given twice, to \"" + std::string(*other)
                                                         + "\" too");
        vocabulary.add(token, static_cast<std::int32_t>(id));
    }
    return vocabulary;
}

Result<std::unique_ptr<TokenModel>> TokenModel::read(const JsonNode &node)
{
    if (!node.value().is_object())
        return node.corrupt("expected an object");
    // Files of 2020 leave the type out; what is in them tells it.
    std::string type = node.has("merges") ? "BPE" : node.has("unk_id") ? "Unigram" : "WordPiece";
    if (node.has("type")) {
        LETHE_TRY(type, node.type());
    }
    if (type == "BPE")
        return readBpeModel(node);
    if (type == "Unigram")
        return readUnigramModel(node);
    if (type == "WordPiece")
        return readWordPieceModel(node);
    if (type == "WordLevel")
        return readWordLevelModel(node);
    LETHE_TRY(const JsonNode key, node.member("type"));
    return key.unsupported("the model \"" + type + "\" is not supported", "BPE, Unigram, WordPiece and WordLevel are");
}

} // namespace lethe
