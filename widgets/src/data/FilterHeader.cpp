#include "FilterHeader.h"

#include <QtCore/QTimer>
#include <QtWidgets/QLineEdit>

#include <algorithm>

namespace lethe {

FilterHeader::FilterHeader(QWidget *parent) : QHeaderView(Qt::Horizontal, parent)
{
    setSectionsClickable(true);
    setHighlightSections(false);
    connect(this, &QHeaderView::sectionResized, this, &FilterHeader::place);
    connect(this, &QHeaderView::sectionMoved, this, &FilterHeader::place);
    connect(this, &QHeaderView::geometriesChanged, this, &FilterHeader::place);
}

void FilterHeader::addField(int section, const QString &objectName, const QString &placeholder, const QString &name)
{
    auto *field = new QLineEdit(this);
    field->setObjectName(objectName);
    field->setPlaceholderText(placeholder);
    field->setAccessibleName(name);
    field->setToolTip(name);
    field->setClearButtonEnabled(true);
    m_fields.insert(section, field);
    connect(field, &QLineEdit::textChanged, this, &FilterHeader::filterEdited);
}

int FilterHeader::fieldHeight() const
{
    return m_fields.isEmpty() || !m_visible ? 0 : m_fields.cbegin().value()->sizeHint().height() + 4;
}

QSize FilterHeader::sizeHint() const
{
    QSize hint = QHeaderView::sizeHint();
    hint.rheight() += fieldHeight();
    return hint;
}

void FilterHeader::updateGeometries()
{
    setViewportMargins(0, 0, 0, fieldHeight());
    QHeaderView::updateGeometries();
    place();
}

void FilterHeader::place()
{
    const int height = fieldHeight();
    for (auto field = m_fields.cbegin(); field != m_fields.cend(); ++field) {
        field.value()->setVisible(m_visible && !isSectionHidden(field.key()));
        const int left = sectionViewportPosition(field.key());
        field.value()->setGeometry(left + 2, this->height() - height + 1, std::max(0, sectionSize(field.key()) - 4), height - 3);
    }
}

void FilterHeader::setFieldsVisible(bool visible)
{
    if (visible == m_visible)
        return;
    m_visible = visible;
    if (!visible)
        clearFields();
    updateGeometries();
    if (auto *table = qobject_cast<QAbstractScrollArea *>(parentWidget()))
        QTimer::singleShot(0, table, [table] { table->updateGeometry(); });
    Q_EMIT geometriesChanged();
}

QString FilterHeader::text(int section) const
{
    const auto *field = m_fields.value(section);
    return field ? field->text() : QString();
}

void FilterHeader::clearFields()
{
    for (QLineEdit *field : std::as_const(m_fields))
        field->clear();
}

bool FilterHeader::focusFirst()
{
    if (m_fields.isEmpty() || !m_visible)
        return false;
    const QList<int> sections = m_fields.keys();
    m_fields.value(*std::min_element(sections.begin(), sections.end()))->setFocus(Qt::ShortcutFocusReason);
    return true;
}

} // namespace lethe
