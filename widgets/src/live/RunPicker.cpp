#include "RunPicker.h"

#include "RunWords.h"

#include <widgets/RunLook.h>
#include <widgets/Theme.h>
#include <widgets/Workspace.h>

#include <QtCore/QEvent>
#include <QtGui/QPainter>
#include <QtWidgets/QMenu>

#include <algorithm>

namespace lethe {
namespace {

constexpr std::size_t kMostRuns = 20;

QIcon swatchIcon(const QColor &color, int size)
{
    QPixmap picture(size * 2, size * 2);
    picture.setDevicePixelRatio(2);
    picture.fill(Qt::transparent);
    QPainter painter(&picture);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    painter.drawRoundedRect(QRectF(size * 0.15, size * 0.15, size * 0.7, size * 0.7), size * 0.15, size * 0.15);
    return QIcon(picture);
}

} // namespace

RunPicker::RunPicker(Workspace &workspace, QWidget *parent)
    : QToolButton(parent), m_workspace(workspace), m_reads(workspace.store())
{
    setObjectName(QStringLiteral("runPicker"));
    setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    setPopupMode(QToolButton::InstantPopup);
    setAutoRaise(true);
    setToolTip(tr("Show another run"));
    QFont strong = font();
    strong.setWeight(QFont::DemiBold);
    strong.setPointSizeF(strong.pointSizeF() * 1.15);
    setFont(strong);
    setMenu(new QMenu(this));
    connect(menu(), &QMenu::aboutToShow, this, &RunPicker::fill);
    setCurrent(0, {}, {});
    fill();
}

void RunPicker::setCurrent(RunId run, const QString &name, const QString &color)
{
    m_current = run;
    const QString shown = run == 0 ? tr("No run") : name;
    setText(fontMetrics().elidedText(shown, Qt::ElideRight, fontMetrics().averageCharWidth() * 44));
    setAccessibleName(tr("Run shown: %1").arg(shown));
    m_color = color;
    setIcon(run == 0 ? QIcon() : swatchIcon(Theme::runColor(color), fontMetrics().height()));
}

void RunPicker::changeEvent(QEvent *event)
{
    QToolButton::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && m_current != 0) // ink is another colour in another theme
        setIcon(swatchIcon(Theme::runColor(m_color), fontMetrics().height()));
}

void RunPicker::fill()
{
    m_reads.read<std::vector<RunRow>>(
        this,
        [](const RunStore &store) {
            auto rows = store.runs();
            return rows ? std::move(*rows) : std::vector<RunRow>{};
        },
        [this](std::vector<RunRow> rows) {
            std::ranges::stable_partition(rows, [](const RunRow &row) { return !runwords::isOver(row.status); });
            if (rows.size() > kMostRuns)
                rows.resize(kMostRuns);
            menu()->clear();
            for (const RunRow &row : rows) {
                QString text = QString::fromStdString(row.name).replace(QLatin1Char('&'), QLatin1String("&&"));
                text += QLatin1Char('\t') + runwords::statusWord(row.status);
                QAction *action = menu()->addAction(swatchIcon(RunLook::of(row).drawn(), fontMetrics().height()), text);
                action->setCheckable(row.id == m_current);
                action->setChecked(row.id == m_current);
                connect(action, &QAction::triggered, this, [this, id = row.id] { Q_EMIT picked(id); });
            }
            if (rows.empty())
                menu()->addAction(tr("No runs yet"))->setEnabled(false);
        });
}

} // namespace lethe
