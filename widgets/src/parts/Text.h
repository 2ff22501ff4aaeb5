#pragma once

#include <QtCore/QString>
#include <QtCore/QStringList>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace lethe {

/// Core speaks UTF-8, Qt UTF-16.
inline QString toQt(std::string_view text) { return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size())); }
inline std::string toStd(const QString &text) { return text.toUtf8().toStdString(); }
inline std::filesystem::path toPath(const QString &text) { return std::filesystem::path(toStd(text)); }
inline QString pathText(const std::filesystem::path &path) { return toQt(std::string_view(path.native())); }
inline QStringList toQt(const std::vector<std::string> &texts)
{
    QStringList list;
    for (const std::string &text : texts)
        list.append(toQt(std::string_view(text)));
    return list;
}
inline std::vector<std::string> toStd(const QStringList &texts)
{
    std::vector<std::string> list;
    for (const QString &text : texts)
        list.push_back(toStd(text));
    return list;
}

} // namespace lethe
