#include <lethe/tokenizer/Tokenizer.h>

#include "Utf8.h"

#include <algorithm>

namespace lethe {

StreamDecoder::StreamDecoder(const Tokenizer &tokenizer, bool skipSpecial) : m_tokenizer(&tokenizer), m_skipSpecial(skipSpecial) {}

std::string StreamDecoder::push(TokenId id)
{
    m_ids.push_back(id);
    if (m_skipSpecial && m_tokenizer->isSpecial(id)) { // as if it had not been there: bytes around it may be one character
        m_ids.pop_back();
        return {};
    }
    if (m_tokenizer->isUnsettledAfter(id))
        return {};
    const std::string text = m_tokenizer->decode(m_ids, m_skipSpecial);
    std::size_t settled = text.size();
    if (text.ends_with(utf8::kReplacement)) // maybe the beginning of a character
        settled -= utf8::kReplacement.size();
    if (settled < m_given)
        return {};
    std::string fresh = text.substr(m_given, settled - m_given);
    m_given = settled;
    // The window starts anew with the last token, to stay short; only behind text, for decoders that take something off
    // the front do so until they meet some.
    const std::string last = m_tokenizer->decode({id}, m_skipSpecial);
    if (settled == text.size() && !last.empty()) {
        m_ids.assign(1, id);
        m_given = last.size();
    }
    return fresh;
}

std::string StreamDecoder::finish()
{
    const std::string text = m_tokenizer->decode(m_ids, m_skipSpecial);
    std::string fresh = text.substr(std::min(m_given, text.size()));
    m_ids.clear();
    m_given = 0;
    return fresh;
}

} // namespace lethe
