#include "models/TensorTable.h"

#include "support/Fixtures.h"

#include <widgets/Format.h>

#include <QtTest/QAbstractItemModelTester>
#include <QtTest/QtTest>
#include <QtWidgets/QLabel>
#include <QtWidgets/QTableView>

using namespace lethe;

namespace {

std::shared_ptr<const ModelInfo> fixtureModel(const char *name)
{
    auto info = inspectModel(test::fixtures() / "models" / name);
    return info.ok() ? std::make_shared<const ModelInfo>(std::move(*info)) : nullptr;
}

} // namespace

/// The table of a model's tensors: norms come by themselves, the chosen tensor's spread is drawn.
class TestTensorTable : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void normsAreReadWhileTheTableIsInSight();
    void theChosenTensorIsDescribed();
};

void TestTensorTable::normsAreReadWhileTheTableIsInSight()
{
    const auto info = fixtureModel("llama");
    QVERIFY(info);
    TensorTable table;
    auto *view = table.findChild<QTableView *>(QStringLiteral("tensorTable"));
    QVERIFY(view);
    const QAbstractItemModelTester tester(view->model());
    table.setModel(info);
    const int column = int(TensorModel::Column::Norm);
    QTest::qWait(0);
    QVERIFY(view->model()->index(0, column).data().toString().isEmpty()); // hidden: nothing is read
    table.resize(900, 600);
    table.show();
    const int rows = view->model()->rowCount();
    QCOMPARE(rows, int(info->tensors.size()));
    for (int row = 0; row < rows; ++row) {
        QTRY_VERIFY(!view->model()->index(row, column).data().toString().isEmpty());
        const auto facts = readTensorFacts(info->folder, info->tensors[std::size_t(row)].file, info->tensors[std::size_t(row)].name);
        QVERIFY(facts.ok());
        QCOMPARE(view->model()->index(row, column).data().toString(), format::loss(facts->norm));
    }
}

void TestTensorTable::theChosenTensorIsDescribed()
{
    const auto info = fixtureModel("gpt2");
    QVERIFY(info);
    TensorTable table;
    table.resize(900, 600);
    table.setModel(info);
    table.show();
    auto *figures = table.findChild<QLabel *>(QStringLiteral("tensorFigures"));
    auto *view = table.findChild<QTableView *>(QStringLiteral("tensorTable"));
    QVERIFY(figures && view);
    QTRY_VERIFY(figures->text().contains(QStringLiteral("norm ")));
    view->setCurrentIndex(view->model()->index(3, 0));
    const auto facts = readTensorFacts(info->folder, info->tensors[3].file, info->tensors[3].name);
    QVERIFY(facts.ok());
    QTRY_VERIFY2(figures->text().contains(QStringLiteral("norm %1").arg(format::loss(facts->norm))), qPrintable(figures->text()));
    table.setModel(nullptr);
    QVERIFY(figures->text().isEmpty());
}

QTEST_MAIN(TestTensorTable)
#include "tst_tensor_table.moc"
