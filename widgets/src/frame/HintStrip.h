#pragma once

#include <QtWidgets/QFrame>

class QLabel;
class QSettings;

namespace lethe {

class Page;

/// One line that says the next thing to do on the page in front; dismissed for ever, page by page.
class HintStrip final : public QFrame
{
    Q_OBJECT

public:
    explicit HintStrip(QSettings &settings, QWidget *parent = nullptr);
    void setPage(const Page *page);

private:
    QSettings &m_settings;
    QLabel *m_text;
    QString m_page;
};

} // namespace lethe
