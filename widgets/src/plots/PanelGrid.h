#pragma once

#include <QtCore/QStringList>
#include <QtWidgets/QScrollArea>

class QGridLayout;
class QMenu;
class QSettings;

namespace lethe {

/// Panels side by side, as many columns as there is room for; each can be hidden, moved, or fill the page. Order and what is
/// hidden are kept under `plots/layout/<name>`.
class PanelGrid : public QScrollArea
{
    Q_OBJECT

public:
    PanelGrid(const QString &name, QSettings *settings, QWidget *parent = nullptr);

    /// Takes \p panel over. \p id is stable; a `PlotPanel`'s wishes (fill, hide, move) are connected.
    /// \p before: the panel it stands in front of, where the user has not chosen another order.
    void add(const QString &id, const QString &title, QWidget *panel, const QString &before = {});
    void remove(const QString &id);
    QWidget *panel(const QString &id) const;
    /// A panel that has nothing to show yet takes no room; what the user hid stays hidden.
    void setAvailable(const QString &id, bool available);
    void setHidden(const QString &id, bool hidden);
    bool isHiddenByUser(const QString &id) const;
    void move(const QString &id, int by);
    void toggleMaximised(const QString &id);
    QString maximised() const { return m_maximised; }
    QStringList order() const;
    /// Tick marks for every panel; for a button of the page.
    void fillMenu(QMenu *menu);
    int columns() const { return m_columns; }

Q_SIGNALS:
    void layoutChanged();

protected:
    void resizeEvent(QResizeEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    struct Item {
        QString id;
        QString title;
        QWidget *panel;
        bool available = true;
        bool hidden = false;
    };
    Item *item(const QString &id);
    void arrange();
    void keep() const;

    QString m_name;
    QSettings *m_settings;
    QWidget *m_inside;
    QGridLayout *m_grid;
    QList<Item> m_items;
    QStringList m_keptOrder;
    QStringList m_keptHidden;
    QString m_maximised;
    int m_columns = 1;
};

} // namespace lethe
