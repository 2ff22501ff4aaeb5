#pragma once

#include <QtWidgets/QHeaderView>

class QLineEdit;

namespace lethe {

/// A table's header with one field a column beneath it, in which that column is filtered.
class FilterHeader final : public QHeaderView
{
    Q_OBJECT

public:
    explicit FilterHeader(QWidget *parent = nullptr);

    /// Which columns have a field, with the field's placeholder and accessible name; others stay empty.
    void addField(int section, const QString &objectName, const QString &placeholder, const QString &name);
    void setFieldsVisible(bool visible);
    bool fieldsVisible() const { return m_visible; }
    QString text(int section) const;
    void clearFields();
    bool focusFirst();

    QSize sizeHint() const override;

Q_SIGNALS:
    void filterEdited();

protected:
    void updateGeometries() override;

private:
    void place();
    int fieldHeight() const;

    QHash<int, QLineEdit *> m_fields;
    bool m_visible = true;
};

} // namespace lethe
