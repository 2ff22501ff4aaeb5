#pragma once

#include "FuzzBounds.h"

#include <lethe/tokenizer/Tokenizer.h>

namespace lethe::fuzz {

/// Does with a tokenizer what the program does: both ways of encoding, decoding, streams, odd ids. Checks what always holds.
void useTokenizer(const Tokenizer &tokenizer);

} // namespace lethe::fuzz
