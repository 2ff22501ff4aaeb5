// Encodes the lines of a file again and again on one thread: bench_encode MODEL_FOLDER TEXT_FILE ROUNDS prints MB a second of each round.
#include <lethe/tokenizer/Tokenizer.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

int main(int count, char **arguments)
{
    if (count != 4) {
        std::fprintf(stderr, "bench_encode MODEL_FOLDER TEXT_FILE ROUNDS\n");
        return 2;
    }
    const auto tokenizer = lethe::Tokenizer::load(arguments[1]);
    if (!tokenizer.ok()) {
        std::fprintf(stderr, "%s\n", tokenizer.error().message().c_str());
        return 1;
    }
    std::vector<std::string> lines;
    std::size_t bytes = 0;
    std::ifstream in(arguments[2]);
    for (std::string line; std::getline(in, line);) {
        bytes += line.size();
        lines.push_back(std::move(line));
    }
    for (int round = 0; round < std::atoi(arguments[3]); ++round) {
        std::size_t tokens = 0;
        const auto start = std::chrono::steady_clock::now();
        for (const std::string &line : lines)
            tokens += tokenizer->encode(line).size();
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        std::printf("%.3f %zu\n", static_cast<double>(bytes) / 1e6 / seconds, tokens);
    }
}
