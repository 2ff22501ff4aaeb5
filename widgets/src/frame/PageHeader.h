#pragma once

#include <QtWidgets/QFrame>

class QHBoxLayout;
class QLabel;
class QToolButton;

namespace lethe {

class Page;

/// Title of the page in front and its actions, the primary one last. What finds no room goes into a menu behind `⋯`.
class PageHeader final : public QFrame
{
    Q_OBJECT

public:
    explicit PageHeader(QWidget *parent = nullptr);
    void setPage(Page *page);
    /// Narrower than its buttons: they fold away.
    QSize minimumSizeHint() const override;

protected:
    void resizeEvent(QResizeEvent *event) override;

private:
    void build();
    void fit();

    Page *m_page = nullptr;
    QLabel *m_title;
    QHBoxLayout *m_actions;
    QToolButton *m_more;
    QList<QWidget *> m_buttons; ///< in the order shown; the primary one is not among them
    QList<QAction *> m_secondary;
    QWidget *m_primary = nullptr;
};

} // namespace lethe
