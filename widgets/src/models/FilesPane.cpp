#include "FilesPane.h"

#include <widgets/Format.h>
#include <widgets/TaskList.h>
#include <widgets/Theme.h>
#include <widgets/Workspace.h>

#include <lethe/base/Paths.h>

#include <QtCore/QDateTime>
#include <QtCore/QFileInfo>
#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>
#include <QtGui/QStandardItemModel>
#include <QtWidgets/QHBoxLayout>
#include <QtWidgets/QHeaderView>
#include <QtWidgets/QLabel>
#include <QtWidgets/QPushButton>
#include <QtWidgets/QTreeView>
#include <QtWidgets/QVBoxLayout>

namespace lethe {

namespace {

std::string keyOf(const ModelInfo &info)
{
    return "models.hashes:" + info.folder.string();
}

} // namespace

FilesPane::FilesPane(Workspace &workspace, QWidget *parent)
    : QWidget(parent), m_workspace(workspace), m_files(new QStandardItemModel(this)), m_view(new QTreeView(this)),
      m_check(new QPushButton(Theme::icon(QStringLiteral("success")), tr("Full check"), this)), m_state(new QLabel(this))
{
    m_view->setObjectName(QStringLiteral("fileTable"));
    m_view->setAccessibleName(tr("Files"));
    m_view->setModel(m_files);
    m_view->setRootIsDecorated(false);
    m_view->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_view->setAllColumnsShowFocus(true);
    m_check->setObjectName(QStringLiteral("fullCheck"));
    m_check->setToolTip(tr("SHA-256 of every file; the result is kept in the store"));
    m_state->setWordWrap(true);
    Theme::setRole(m_state, TextRole::Muted);
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(0, Theme::space(3), 0, 0);
    all->setSpacing(Theme::space(2));
    auto *line = new QHBoxLayout;
    line->addWidget(m_state, 1);
    line->addWidget(m_check);
    all->addLayout(line);
    all->addWidget(m_view, 1);
    connect(m_check, &QPushButton::clicked, this, &FilesPane::check);
}

void FilesPane::setModel(std::shared_ptr<const ModelInfo> info)
{
    m_info = std::move(info);
    show();
}

void FilesPane::show()
{
    m_files->clear();
    m_files->setHorizontalHeaderLabels({tr("File"), tr("Size"), tr("SHA-256")});
    if (!m_info)
        return;
    QJsonObject kept;
    if (const auto value = m_workspace.store().value(keyOf(*m_info)); value.ok() && value->has_value())
        kept = QJsonDocument::fromJson(QByteArray::fromStdString(**value)).object();
    const QJsonObject hashes = kept[QLatin1String("files")].toObject();
    std::int64_t sum = 0;
    for (const std::string &file : m_info->files) {
        const QString name = QString::fromStdString(file);
        const qint64 size = QFileInfo(QString::fromStdString((m_info->folder / file).string())).size();
        sum += size;
        auto *bytes = new QStandardItem(format::bytes(size));
        bytes->setToolTip(format::count(size));
        auto *hash = new QStandardItem(hashes[name].toString(QStringLiteral("–")));
        hash->setFont(Theme::monoFont());
        m_files->appendRow({new QStandardItem(name), bytes, hash});
    }
    const int letter = fontMetrics().averageCharWidth();
    m_view->header()->resizeSection(0, letter * 44);
    m_view->header()->resizeSection(1, letter * 14);
    const QString checked = kept[QLatin1String("when")].toString();
    m_state->setText(tr("%1, %2. %3").arg(tr("%n file(s)", nullptr, int(m_info->files.size())), format::bytes(sum),
                                          checked.isEmpty() ? tr("Not hashed yet.") : tr("Hashed %1.").arg(format::ago(checked))));
    m_check->setEnabled(!m_checking && !m_info->files.empty());
}

void FilesPane::check()
{
    m_checking = true;
    m_check->setEnabled(false);
    const auto info = m_info;
    const auto hashes = std::make_shared<QJsonObject>();
    const auto complete = std::make_shared<bool>(false);
    m_workspace.tasks().start(tr("Hash %1").arg(QString::fromStdString(info->folder.filename().string())), this,
                              [info, hashes, complete](TaskHandle &task) -> QString {
        std::uint64_t total = 0, before = 0;
        for (const std::string &file : info->files)
            total += static_cast<std::uint64_t>(QFileInfo(QString::fromStdString((info->folder / file).string())).size());
        for (const std::string &file : info->files) {
            std::uint64_t size = 0;
            const auto hash = sha256OfFile(info->folder / file, [&](std::uint64_t done, std::uint64_t) {
                size = done;
                task.report(QString::fromStdString(file), static_cast<double>(before + done), static_cast<double>(total));
                return !task.isCancelled();
            });
            if (!hash.ok()) {
                if (hash.error().code != ErrorCode::Cancelled)
                    task.fail(QString::fromStdString(hash.error().message()));
                return {};
            }
            before += size;
            hashes->insert(QString::fromStdString(file), QString::fromStdString(*hash));
        }
        *complete = true;
        return tr("%n file(s)", nullptr, int(info->files.size()));
    }, [this, info, hashes, complete] {
        m_checking = false;
        if (*complete) {
            const QJsonObject kept{{QStringLiteral("when"), QDateTime::currentDateTimeUtc().toString(Qt::ISODate)}, {QStringLiteral("files"), *hashes}};
            const auto stored = m_workspace.store().setValue(keyOf(*info), QJsonDocument(kept).toJson(QJsonDocument::Compact).toStdString());
            if (!stored.ok())
                m_workspace.post({.level = Message::Level::Warning, .text = QString::fromStdString(stored.error().message()), .details = {},
                                  .buttons = {}, .key = QStringLiteral("hashes")});
        }
        show();
    });
}

} // namespace lethe
