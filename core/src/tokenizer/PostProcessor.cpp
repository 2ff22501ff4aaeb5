#include "PostProcessor.h"

namespace lethe {

namespace {

Result<std::int32_t> readIdProcessor(const JsonNode &node)
{
    LETHE_TRY(const std::int64_t id, node.integer());
    if (id < 0 || id > INT32_MAX)
        return node.corrupt("the id " + std::to_string(id) + " is out of range");
    return static_cast<std::int32_t>(id);
}

/// The ids of the special token that a template names.
Result<std::vector<std::int32_t>> readSpecialProcessor(const JsonNode &processor, const JsonNode &piece)
{
    LETHE_TRY(const JsonNode nameNode, piece.member("id"));
    LETHE_TRY(const std::string name, nameNode.string());
    LETHE_TRY(const JsonNode tokens, processor.member("special_tokens"));
    if (!tokens.has(name.c_str()))
        return nameNode.corrupt("the template names \"" + name + "\", which special_tokens lacks");
    LETHE_TRY(const JsonNode token, tokens.member(name.c_str()));
    LETHE_TRY(const JsonNode list, token.member("ids"));
    LETHE_TRY(const std::vector<JsonNode> elements, list.elements());
    std::vector<std::int32_t> ids;
    for (const JsonNode &element : elements) {
        LETHE_TRY(const std::int32_t id, readIdProcessor(element));
        ids.push_back(id);
    }
    return ids;
}

Result<PostProcessor> readTemplateProcessor(const JsonNode &node)
{
    PostProcessor processor;
    LETHE_TRY(const JsonNode single, node.member("single"));
    LETHE_TRY(const std::vector<JsonNode> pieces, single.elements());
    bool hasText = false;
    for (const JsonNode &piece : pieces) {
        if (piece.has("SpecialToken")) {
            LETHE_TRY(const JsonNode special, piece.member("SpecialToken"));
            LETHE_TRY(const std::vector<std::int32_t> ids, readSpecialProcessor(node, special));
            auto &side = hasText ? processor.behind : processor.before;
            side.insert(side.end(), ids.begin(), ids.end());
            continue;
        }
        LETHE_TRY(const JsonNode sequence, piece.member("Sequence"));
        LETHE_TRY(const std::string name, sequence.string("id"));
        if (name != "A" || hasText)
            return piece.unsupported("the template for one text must name the text A once");
        hasText = true;
    }
    if (!hasText)
        return single.unsupported("the template for one text does not name the text A");
    return processor;
}

/// `"cls": ["[CLS]", 101]`.
Result<std::int32_t> readNamedProcessor(const JsonNode &node, const char *key)
{
    LETHE_TRY(const JsonNode pair, node.member(key));
    LETHE_TRY(const std::vector<JsonNode> elements, pair.elements());
    if (elements.size() != 2)
        return pair.corrupt("expected [token, id]");
    return readIdProcessor(elements[1]);
}

Result<PostProcessor> readBertProcessor(const JsonNode &node)
{
    LETHE_TRY(const std::int32_t begin, readNamedProcessor(node, "cls"));
    LETHE_TRY(const std::int32_t end, readNamedProcessor(node, "sep"));
    return PostProcessor{{begin}, {end}};
}

Result<PostProcessor> readSequenceProcessor(const JsonNode &node)
{
    LETHE_TRY(const JsonNode list, node.member("processors"));
    LETHE_TRY(const std::vector<JsonNode> elements, list.elements());
    PostProcessor whole;
    for (const JsonNode &element : elements) {
        LETHE_TRY(const PostProcessor part, PostProcessor::read(element));
        if (part.before.empty() && part.behind.empty())
            continue;
        if (!whole.before.empty() || !whole.behind.empty())
            return element.unsupported("two post-processors that add tokens are not supported");
        whole = part;
    }
    return whole;
}

} // namespace

Result<PostProcessor> PostProcessor::read(const JsonNode &node)
{
    LETHE_TRY(const std::string type, node.type());
    if (type == "TemplateProcessing")
        return readTemplateProcessor(node);
    if (type == "ByteLevel") // trims the places that the library reports; ours cover the text
        return PostProcessor{};
    if (type == "BertProcessing" || type == "RobertaProcessing")
        return readBertProcessor(node);
    if (type == "Sequence")
        return readSequenceProcessor(node);
    LETHE_TRY(const JsonNode key, node.member("type"));
    return key.unsupported("the post-processor \"" + type + "\" is not supported");
}

} // namespace lethe
