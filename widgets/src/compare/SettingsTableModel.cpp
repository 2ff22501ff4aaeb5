#include "SettingsTableModel.h"

#include "parts/CsvCell.h"
#include "ComparedRuns.h"

#include <widgets/Format.h>
#include <widgets/Theme.h>

#include <QtCore/QFileInfo>
#include <QtCore/QHash>
#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>
#include <QtGui/QFontMetrics>
#include <QtWidgets/QApplication>

#include <algorithm>

namespace lethe {
namespace {

const QString kNoSetting = QStringLiteral("–");

QString spelled(const QJsonValue &value)
{
    if (value.isString())
        return value.toString();
    if (value.isDouble())
        return format::shortest(value.toDouble());
    if (value.isBool())
        return value.toBool() ? QStringLiteral("true") : QStringLiteral("false");
    if (value.isNull())
        return QStringLiteral("null");
    if (value.isArray())
        return QString::fromUtf8(QJsonDocument(value.toArray()).toJson(QJsonDocument::Compact));
    return QString::fromUtf8(QJsonDocument(value.toObject()).toJson(QJsonDocument::Compact));
}

void flatten(const QJsonObject &object, const QString &prefix, QList<std::pair<QString, QString>> &out)
{
    for (auto it = object.begin(); it != object.end(); ++it) {
        const QString path = prefix.isEmpty() ? it.key() : prefix + QLatin1Char('.') + it.key();
        if (it.value().isObject()) // an empty one sets nothing
            flatten(it.value().toObject(), path, out);
        else
            out.append({path, spelled(it.value())});
    }
}

/// Order in which people think of a spec; QJsonObject knows the alphabet alone.
int settingRank(const QString &path)
{
    static const QStringList kOrder{QStringLiteral("name"), QStringLiteral("model"), QStringLiteral("reference_model"), QStringLiteral("method"),
                                    QStringLiteral("training"), QStringLiteral("data"), QStringLiteral("eval"), QStringLiteral("sha256")};
    const qsizetype at = kOrder.indexOf(path.section(QLatin1Char('.'), 0, 0).section(QLatin1Char(' '), 0, 0));
    return at < 0 ? static_cast<int>(kOrder.size()) : static_cast<int>(at);
}

} // namespace

QList<std::pair<QString, QString>> flatSettings(const std::string &specJson)
{
    QList<std::pair<QString, QString>> settings;
    flatten(QJsonDocument::fromJson(QByteArray::fromStdString(specJson)).object(), {}, settings);
    return settings;
}

std::vector<SettingRow> settingsOf(const std::vector<ComparedRun> &runs)
{
    std::vector<SettingRow> rows;
    QHash<QString, std::size_t> index;
    for (std::size_t r = 0; r < runs.size(); ++r) {
        QList<std::pair<QString, QString>> settings = flatSettings(runs[r].specJson);
        for (const auto &[file, hash] : runs[r].provenance.fileHashes)
            settings.append({QStringLiteral("sha256 of ") + QFileInfo(QString::fromStdString(file)).fileName(), QString::fromStdString(hash)});
        for (const auto &[path, value] : std::as_const(settings)) {
            if (path == QLatin1String("name"))
                continue; // the columns are named by it
            const auto known = index.constFind(path);
            const std::size_t at = known == index.constEnd() ? rows.size() : *known;
            if (known == index.constEnd()) {
                index.insert(path, at);
                rows.push_back({path, std::vector<QString>(runs.size(), kNoSetting), false});
            }
            rows[at].values[r] = value;
        }
    }
    for (SettingRow &row : rows)
        row.differs = std::ranges::any_of(row.values, [&row](const QString &value) { return value != row.values.front(); });
    std::ranges::stable_sort(rows, [](const SettingRow &a, const SettingRow &b) { return settingRank(a.path) < settingRank(b.path); });
    return rows;
}

void SettingsTableModel::setRuns(const std::vector<ComparedRun> &runs)
{
    beginResetModel();
    m_all = settingsOf(runs);
    m_names.clear();
    for (const ComparedRun &run : runs)
        m_names.push_back(run.name());
    choose();
    endResetModel();
}

void SettingsTableModel::setShowAll(bool all)
{
    beginResetModel();
    m_showAll = all;
    choose();
    endResetModel();
}

void SettingsTableModel::choose()
{
    m_shown.clear();
    for (std::size_t i = 0; i < m_all.size(); ++i) {
        if (m_showAll || m_all[i].differs)
            m_shown.push_back(i);
    }
}

int SettingsTableModel::differing() const
{
    return static_cast<int>(std::ranges::count_if(m_all, &SettingRow::differs));
}

QString SettingsTableModel::csv() const
{
    QString out = QStringLiteral("setting");
    for (const QString &name : m_names)
        out += QLatin1Char(',') + csvCell(name);
    out += QLatin1String("\r\n");
    for (const std::size_t at : m_shown) {
        out += csvCell(m_all[at].path);
        for (const QString &value : m_all[at].values)
            out += QLatin1Char(',') + csvCell(value);
        out += QLatin1String("\r\n");
    }
    return out;
}

int SettingsTableModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_shown.size());
}

int SettingsTableModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_names.size()) + 1;
}

QVariant SettingsTableModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const SettingRow &row = m_all[m_shown[static_cast<std::size_t>(index.row())]];
    if (index.column() == 0)
        return role == Qt::DisplayRole || role == Qt::ToolTipRole ? QVariant(row.path) : QVariant();
    const QString &value = row.values[static_cast<std::size_t>(index.column()) - 1];
    if (role == Qt::DisplayRole)
        return value.simplified();
    if (role == Qt::ToolTipRole)
        return value;
    if (role == Qt::ForegroundRole && (value == kNoSetting || !row.differs))
        return Theme::muted();
    return {};
}

QVariant SettingsTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return int(Qt::AlignLeft | Qt::AlignVCenter);
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole)
        return {};
    if (section == 0)
        return tr("Setting");
    const auto at = static_cast<std::size_t>(section) - 1;
    const QString name = at < m_names.size() ? m_names[at] : QString();
    return role == Qt::ToolTipRole ? name : QFontMetrics(QApplication::font()).elidedText(name, Qt::ElideMiddle, Theme::space(60));
}

} // namespace lethe
