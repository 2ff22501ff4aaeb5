#include "HintStrip.h"

#include "IconLabel.h"

#include <widgets/Page.h>
#include <widgets/Theme.h>

#include <QtCore/QSettings>
#include <QtWidgets/QHBoxLayout>
#include <QtWidgets/QLabel>
#include <QtWidgets/QToolButton>

namespace lethe {

namespace {

const QString kDismissedKey = QStringLiteral("hints/dismissed");

} // namespace

HintStrip::HintStrip(QSettings &settings, QWidget *parent)
    : QFrame(parent), m_settings(settings), m_text(new QLabel(this))
{
    setObjectName(QStringLiteral("hintStrip"));
    m_text->setObjectName(QStringLiteral("hintText"));
    m_text->setTextFormat(Qt::PlainText);
    m_text->setWordWrap(true);
    Theme::setRole(m_text, TextRole::Muted);
    auto *sign = new IconLabel(Theme::icon(QStringLiteral("sparkle"), Theme::accent), 4, this, tr("Hint"));
    auto *close = new QToolButton(this);
    close->setIcon(Theme::icon(QStringLiteral("close"), Theme::muted));
    close->setIconSize({Theme::space(3), Theme::space(3)});
    close->setAccessibleName(tr("Do not show this hint again"));
    close->setToolTip(tr("Do not show this hint again"));
    auto *line = new QHBoxLayout(this);
    line->setContentsMargins(Theme::space(5), 0, Theme::space(5), Theme::space(2));
    line->setSpacing(Theme::space(2));
    line->addWidget(sign);
    line->addWidget(m_text, 1);
    line->addWidget(close);
    connect(close, &QToolButton::clicked, this, [this] {
        QStringList dismissed = m_settings.value(kDismissedKey).toStringList();
        dismissed.append(m_page);
        m_settings.setValue(kDismissedKey, dismissed);
        hide();
    });
}

void HintStrip::setPage(const Page *page)
{
    m_page = page->objectName();
    const QString hint = page->hint();
    m_text->setText(hint);
    setVisible(!hint.isEmpty() && !m_settings.value(kDismissedKey).toStringList().contains(m_page));
}

} // namespace lethe
