#pragma once

#include "Sample.h"

#include <QtWidgets/QWidget>

class QLabel;
class QToolButton;

namespace lethe {

class Panel;
class SampleTableModel;
class SampleView;
struct SetCounts;

/// One set on the Data page: its name and counts, the button of its filter fields, its table.
class SetPanel final : public QWidget
{
    Q_OBJECT

public:
    SetPanel(SampleTableModel &model, const QString &title, const QString &objectName, QWidget *parent = nullptr);

    SampleView &view() { return *m_view; }
    SampleTableModel &model() { return m_model; }
    void setCounts(const SetCounts &counts, bool hasTokenizer);
    /// What the table says while the set has no rows.
    void setEmptyText(const QString &text);
    /// That text, or that the filter hides all rows.
    void showEmptyText();
    void setActive(bool active);
    /// A file hovers over it.
    void setLit(bool lit);

Q_SIGNALS:
    void filterEdited();

private:
    SampleTableModel &m_model;
    Panel *m_card;
    SampleView *m_view;
    QLabel *m_name;
    QLabel *m_counts;
    QToolButton *m_filterButton;
    QString m_emptyText;
};

} // namespace lethe
