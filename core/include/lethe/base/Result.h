#pragma once

#include <QtCore/qglobal.h>

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace lethe {

enum class ErrorCode {
    InvalidInput, ///< a value the user gave is not acceptable (a spec, an argument, a row)
    NotFound,     ///< a file, a run, a plugin is not there
    Corrupt,      ///< a file is there but is not what it claims to be
    Unsupported,  ///< understood, and not implemented here
    Io,           ///< reading or writing failed (permission, device)
    DiskFull,     ///< writing failed for want of room
    OutOfMemory,  ///< the device or the host has no memory left
    Device,       ///< the accelerator failed
    Busy,         ///< someone else holds it; trying again may work
    Cancelled,    ///< the user stopped it: an outcome, never shown as an error
    NotFinite,    ///< training diverged
    Internal,     ///< a defect of ours or of a library
};

/// What went wrong, with what, and the way out.
struct Error {
    ErrorCode code = ErrorCode::Internal;
    std::string what;  ///< one sentence without a full stop
    std::string where; ///< a key path (`method.parameters.beta`), a file, or `file:line`; may be empty
    std::string hint;  ///< what would be accepted, or what to do; may be empty

    /// `where: what. hint.` on one line: what the CLI prints and the window shows.
    std::string message() const
    {
        std::string text = where.empty() ? what : where + ": " + what;
        if (!hint.empty())
            text += ". " + hint;
        return text;
    }
    bool operator==(const Error &) const = default;
};

/// A value or an Error. The compiler's C++20 has no `std::expected`; this is the part of it that we use.
template<typename T>
class [[nodiscard]] Result
{
public:
    using value_type = T;

    Result(T value) : m_value(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : m_value(std::in_place_index<1>, std::move(error)) {}

    bool ok() const { return m_value.index() == 0; }
    explicit operator bool() const { return ok(); }

    T &value() &
    {
        Q_ASSERT(ok());
        return std::get<0>(m_value);
    }
    const T &value() const &
    {
        Q_ASSERT(ok());
        return std::get<0>(m_value);
    }
    T &&value() &&
    {
        Q_ASSERT(ok());
        return std::get<0>(std::move(m_value));
    }
    T &operator*() & { return value(); }
    const T &operator*() const & { return value(); }
    T &&operator*() && { return std::move(*this).value(); }
    T *operator->() { return &value(); }
    const T *operator->() const { return &value(); }

    const Error &error() const
    {
        Q_ASSERT(!ok());
        return std::get<1>(m_value);
    }

private:
    std::variant<T, Error> m_value;
};

/// The result of something done for its effect.
template<>
class [[nodiscard]] Result<void>
{
public:
    using value_type = void;

    Result() = default;
    Result(Error error) : m_error(std::move(error)) {}

    bool ok() const { return !m_error.has_value(); }
    explicit operator bool() const { return ok(); }
    void value() const { Q_ASSERT(ok()); }
    const Error &error() const
    {
        Q_ASSERT(!ok());
        return *m_error;
    }

private:
    std::optional<Error> m_error;
};

} // namespace lethe

#define LETHE_CONCAT_INNER(a, b) a##b
#define LETHE_CONCAT(a, b) LETHE_CONCAT_INNER(a, b)

/// `LETHE_TRY(const Tokenizer tokenizer, Tokenizer::load(path));` hands an error up, else names the value.
#define LETHE_TRY(declaration, expression)                                                         \
    auto LETHE_CONCAT(letheResult_, __LINE__) = (expression);                                      \
    if (!LETHE_CONCAT(letheResult_, __LINE__).ok())                                                \
        return LETHE_CONCAT(letheResult_, __LINE__).error();                                       \
    declaration = std::move(LETHE_CONCAT(letheResult_, __LINE__)).value()

/// As LETHE_TRY, where there is no value to name.
#define LETHE_TRY_VOID(expression)                                                                 \
    do {                                                                                           \
        auto letheResult = (expression);                                                           \
        if (!letheResult.ok())                                                                     \
            return letheResult.error();                                                            \
    } while (false)
