// SPDX-FileCopyrightText: The Moescope authors
// SPDX-License-Identifier: GPL-3.0-or-later
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

#include "core/base/random.h"
#include "core/stats/hypergeometric.h"
#include "core/stats/intervals.h"
#include "core/stats/verdict.h"
#include "tests/support/files.h"

using namespace moescope;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

#define VERIFY_NEAR(actual, expected, tolerance)                                                   \
    QVERIFY2(std::abs((actual) - (expected)) <= (tolerance),                                       \
        qPrintable(QString("%1 is not %2").arg(actual, 0, 'g', 17).arg(expected, 0, 'g', 17)))

/// The two proportions whose score test just gives z, by bisection: what Wilson's closed form
/// solves.
double wilsonByBisection(double hits, double n, double z, bool upper)
{
    const double observed = hits / n;
    double inner = observed;
    double outer = upper ? 1 : 0;
    for (int i = 0; i < 200; ++i) {
        const double p = (inner + outer) / 2;
        const bool within = (observed - p) * (observed - p) * n <= z * z * p * (1 - p);
        (within ? inner : outer) = p;
    }
    return inner;
}

} // namespace

class TestStats : public QObject {
    Q_OBJECT

private slots:
    void wilsonSolvesTheScoreTest()
    {
        for (const double n : {1.0, 7.0, 79.0, 2000.5, 1e6}) {
            for (const double share : {0.0, 0.01, 0.3, 0.5, 0.97, 1.0}) {
                for (const double z : {1.0, 1.96, kZ95}) {
                    const Interval interval = wilson(share * n, n, z);
                    VERIFY_NEAR(interval.lo, wilsonByBisection(share * n, n, z, false), 1e-12);
                    VERIFY_NEAR(interval.hi, wilsonByBisection(share * n, n, z, true), 1e-12);
                }
            }
        }
        // 50 of 100, worked out by hand: 0.5 ± 1.96·sqrt(0.0025 + 1.96²/40000)/(1 + 1.96²/100).
        VERIFY_NEAR(wilson(50, 100, 1.96).lo, 0.403830, 5e-7);
        VERIFY_NEAR(wilson(50, 100, 1.96).hi, 0.596170, 5e-7);
    }

    void wilsonAtTheEdges()
    {
        const double zz = kZ95 * kZ95;
        QCOMPARE(wilson(0, 304).lo, 0.0);
        VERIFY_NEAR(wilson(0, 304).hi, zz / (304 + zz), 1e-15);
        VERIFY_NEAR(wilson(304, 304).lo, 304 / (304 + zz), 1e-15);
        QCOMPARE(wilson(304, 304).hi, 1.0);
        for (const Interval& whole :
            {wilson(0, 0), wilson(1, -1), wilson(kNaN, 3), wilson(1, kNaN), wilson(1, kInf)}) {
            QCOMPARE(whole.lo, 0.0);
            QCOMPARE(whole.hi, 1.0);
        }
        QCOMPARE(wilson(5, 4).hi, 1.0);
        QCOMPARE(wilson(-1, 4).lo, 0.0);
    }

    /// Zero-hit tokens after which an expert can be called cold at a tenth of even use.
    void zeroHitTokensOfTheSheet()
    {
        const auto tokens = [](double experts, double k) {
            double n = 1;
            while (wilson(0, n, 1.96).hi >= 0.1 * k / experts)
                ++n;
            return n;
        };
        QCOMPARE(tokens(32, 4), 304.0); // GPT-OSS-20B
        QCOMPARE(tokens(128, 4), 1226.0); // GPT-OSS-120B
        QCOMPARE(tokens(64, 8), 304.0); // OLMoE
        QCOMPARE(tokens(8, 2), 150.0); // Mixtral
        QCOMPARE(tokens(128, 8), 611.0); // Qwen3-30B
        QCOMPARE(tokens(256, 8), 1226.0); // DeepSeek-V3
    }

    void momentsAndQuantiles()
    {
        const std::vector<double> values = {4, 1, 3, 2};
        QCOMPARE(mean(values), 2.5);
        VERIFY_NEAR(standardDeviation(values), std::sqrt(5.0 / 3), 1e-15);
        QCOMPARE(quantile(values, 0), 1.0);
        QCOMPARE(quantile(values, 1), 4.0);
        QCOMPARE(quantile(values, 0.5), 2.5);
        VERIFY_NEAR(quantile(values, 0.1), 1.3, 1e-15);
        QCOMPARE(quantile(values, -3), 1.0);
        QCOMPARE(quantile(values, 7), 4.0);
        const std::vector<double> one = {6};
        QCOMPARE(quantile(one, 0.3), 6.0);
        QCOMPARE(mean(one), 6.0);
        QCOMPARE(standardDeviation(one), 0.0);
        QCOMPARE(standardDeviation({}), 0.0);
        QVERIFY(std::isnan(mean({})));
        QVERIFY(std::isnan(quantile({}, 0.5)));
        const std::vector<double> broken = {1, kNaN, 2};
        QVERIFY(std::isnan(quantile(broken, 0.5)));
        QVERIFY(std::isnan(quantile(values, kNaN)));
        QCOMPARE(quantile(std::vector<double>{1, kInf, kInf}, 1), kInf);
    }

    void meansHaveStudentsInterval()
    {
        QVERIFY(std::isnan(meanInterval(std::vector<double>{1}).lo));
        const Interval same = meanInterval(std::vector<double>(8, 0.25));
        QCOMPARE(same.lo, 0.25);
        QCOMPARE(same.hi, 0.25);
        // Half widths for -1, 1, -1, ...: t sd / sqrt(n), t by R's qt(0.975, n - 1).
        for (const auto& [n, t] : {std::pair{2, 12.7062047}, std::pair{4, 3.1824463},
                 std::pair{8, 2.3646243}, std::pair{12, 2.2009852}, std::pair{100, 1.9842170}}) {
            std::vector<double> values;
            for (int i = 0; i < n; ++i)
                values.push_back(i % 2 == 0 ? -1 : 1);
            const Interval interval = meanInterval(values);
            VERIFY_NEAR(interval.hi, t / std::sqrt(n - 1.0), 2e-3);
            VERIFY_NEAR(interval.lo, -interval.hi, 1e-12);
        }
    }

    void overlapEqualsEnumeration()
    {
        constexpr unsigned population = 8;
        for (unsigned a = 0; a <= population; ++a) {
            const unsigned first = (1U << a) - 1;
            for (unsigned b = 0; b <= population; ++b) {
                std::vector<double> counts(population + 1, 0);
                double total = 0;
                for (unsigned second = 0; second < (1U << population); ++second) {
                    if (std::popcount(second) != static_cast<int>(b))
                        continue;
                    ++counts[static_cast<std::size_t>(std::popcount(first & second))];
                    ++total;
                }
                const OverlapNull null{population, a, b};
                double average = 0;
                double jaccard = 0;
                double above = 0;
                for (unsigned o = population + 1; o-- > 0;) {
                    const double p = counts[o] / total;
                    VERIFY_NEAR(null.probability(o), p, 1e-13);
                    above += p;
                    VERIFY_NEAR(null.atLeast(o), above, 1e-13);
                    average += p * o;
                    if (p > 0 && a + b > 0)
                        jaccard += p * o / (a + b - o);
                }
                VERIFY_NEAR(null.mean(), average, 1e-13);
                VERIFY_NEAR(null.jaccardMean(), jaccard, 1e-13);
                for (const double q : {0.0, 0.025, 0.5, 0.9, 0.975, 1.0}) {
                    unsigned expected = 0;
                    double below = 0;
                    double seen = 0;
                    for (; expected < population; ++expected) {
                        seen += counts[expected];
                        below = seen / total;
                        if (below >= q && seen > 0)
                            break;
                    }
                    QCOMPARE(null.quantile(q), std::uint64_t{expected});
                }
            }
        }
    }

    void overlapOfTheSheet()
    {
        const OverlapNull sets{32, 12, 11};
        QCOMPARE(QString::number(100.0 * 7 / (12 + 11 - 7), 'f', 2), QString("43.75"));
        VERIFY_NEAR(sets.atLeast(7), 0.034, 0.0005);
        VERIFY_NEAR(sets.mean(), 12.0 * 11 / 32, 1e-15);
        const Interval band = sets.jaccardBand();
        QCOMPARE(band.lo, 2.0 / 21);
        QCOMPARE(band.hi, 7.0 / 16);
        QVERIFY(band.lo < sets.jaccardMean() && sets.jaccardMean() < band.hi);
        QVERIFY(sets.jaccardBand().hi < 0.4376);
    }

    void nullValuesOfTheSheet_data()
    {
        QTest::addColumn<int>("experts");
        QTest::addColumn<int>("k");
        QTest::addColumn<double>("mean");
        QTest::addColumn<double>("any");
        QTest::newRow("Mixtral") << 8 << 2 << .50 << .464;
        QTest::newRow("OLMoE") << 64 << 8 << 1.00 << .679;
        QTest::newRow("GPT-OSS-20B") << 32 << 4 << .50 << .431;
        QTest::newRow("GPT-OSS-120B") << 128 << 4 << .125 << .121;
        QTest::newRow("DeepSeekMoE-16B") << 64 << 6 << .563 << .460;
        QTest::newRow("Qwen1.5-MoE") << 60 << 4 << .267 << .247;
        QTest::newRow("Qwen3-30B") << 128 << 8 << .50 << .412;
        QTest::newRow("DBRX") << 16 << 4 << 1.00 << .728;
    }

    void nullValuesOfTheSheet()
    {
        QFETCH(int, experts);
        QFETCH(int, k);
        QFETCH(double, mean);
        QFETCH(double, any);
        const auto size = static_cast<std::uint64_t>(k);
        const OverlapNull null{static_cast<std::uint64_t>(experts), size, size};
        VERIFY_NEAR(null.mean(), mean, 0.0005001);
        VERIFY_NEAR(null.any(), any, 0.0005);
        double none = 1; // C(E-k,k)/C(E,k)
        for (int i = 0; i < k; ++i)
            none *= static_cast<double>(experts - k - i) / (experts - i);
        VERIFY_NEAR(null.any(), 1 - none, 1e-13);
    }

    /// Group-limited choice: draw the groups, then the experts inside them.
    void groupLimitedNullOfTheSheet()
    {
        const auto any
            = [](std::uint64_t groups, std::uint64_t chosen, std::uint64_t size, std::uint64_t k) {
                  const OverlapNull sharedGroups{groups, chosen, chosen};
                  double sum = 0;
                  for (std::uint64_t g = 0; g <= chosen; ++g) {
                      const OverlapNull reachable{
                          chosen * size, g * size, k}; // of A's experts, those that B can choose
                      for (std::uint64_t a = 0; a <= k; ++a)
                          sum += sharedGroups.probability(g) * reachable.probability(a)
                              * OverlapNull{chosen * size, a, k}.any();
                  }
                  return sum;
              };
        VERIFY_NEAR(any(8, 3, 20, 6), .202, 0.0005); // DeepSeek-V2
        VERIFY_NEAR(any(8, 4, 32, 8), .224, 0.0005); // DeepSeek-V3
    }

    void overlapAtTheEdges()
    {
        const OverlapNull empty{16, 0, 5};
        QCOMPARE(empty.mean(), 0.0);
        QCOMPARE(empty.probability(0), 1.0);
        QCOMPARE(empty.any(), 0.0);
        QCOMPARE(empty.jaccardBand().hi, 0.0);
        const OverlapNull whole{16, 16, 5};
        QCOMPARE(whole.probability(5), 1.0);
        QCOMPARE(whole.probability(4), 0.0);
        QCOMPARE(whole.atLeast(5), 1.0);
        QCOMPARE(whole.quantile(0.025), std::uint64_t{5});
        QCOMPARE(whole.jaccardMean(), 5.0 / 16);
        const OverlapNull tooLarge{16, 99, 5};
        QCOMPARE(tooLarge.mean(), 5.0);
        QCOMPARE(tooLarge.jaccardMean(), 5.0 / 16);
        const OverlapNull forced{10, 7, 8}; // at least five in common
        QCOMPARE(forced.atLeast(5), 1.0);
        QCOMPARE(forced.probability(4), 0.0);
        QVERIFY(forced.atLeast(6) < 1);
        const OverlapNull nothing{};
        QCOMPARE(nothing.mean(), 0.0);
        QCOMPARE(nothing.atLeast(0), 1.0);
        QCOMPARE(nothing.atLeast(1), 0.0);
        QCOMPARE(nothing.jaccardMean(), 0.0);
        QCOMPARE(nothing.jaccardBand().hi, 0.0);
    }

    void bigPopulationsAreStable()
    {
        for (const OverlapNull null : {OverlapNull{512, 8, 8}, {512, 256, 300}, {512, 511, 1},
                 {384, 100, 384}, {100000, 3000, 5000}}) {
            double sum = 0;
            double average = 0;
            for (std::uint64_t o = 0; o <= std::min(null.first, null.second); ++o) {
                const double p = null.probability(o);
                QVERIFY(std::isfinite(p) && p >= 0 && p <= 1);
                sum += p;
                average += p * static_cast<double>(o);
            }
            VERIFY_NEAR(sum, 1.0, 1e-9);
            VERIFY_NEAR(average / null.mean(), 1.0, 1e-9);
            QVERIFY(null.quantile(0.025) <= null.quantile(0.975));
        }
        // The far tail keeps its relative precision: all eight of 512 in common is 1/C(512,8).
        double all = 1;
        for (int i = 0; i < 8; ++i)
            all *= (8.0 - i) / (512 - i);
        VERIFY_NEAR((OverlapNull{512, 8, 8}.atLeast(8)) / all, 1.0, 1e-10);
    }

    void distinctExperts()
    {
        VERIFY_NEAR(expectedDistinct(32, 4, 4), 13.242, 0.0005);
        QCOMPARE(expectedDistinct(32, 4, 0), 0.0);
        VERIFY_NEAR(expectedDistinct(32, 4, 1), 4.0, 1e-13);
        QCOMPARE(expectedDistinct(32, 32, 1), 32.0);
        QCOMPARE(expectedDistinct(32, 99, 1), 32.0);
        QCOMPARE(expectedDistinct(0, 4, 4), 0.0);
        VERIFY_NEAR(expectedDistinct(512, 8, 1'000'000), 512.0, 1e-9);
        // Against drawing k of E for every token.
        Random random(5);
        double sum = 0;
        constexpr int rounds = 20000;
        for (int round = 0; round < rounds; ++round) {
            unsigned used = 0;
            for (int token = 0; token < 4; ++token) {
                unsigned chosen = 0;
                while (std::popcount(chosen) < 4)
                    chosen |= 1U << random.below(32);
                used |= chosen;
            }
            sum += std::popcount(used);
        }
        VERIFY_NEAR(sum / rounds, 13.242, 0.05);
    }

    void distinctDistributionIsThatOfDraws()
    {
        constexpr std::uint64_t experts = 12;
        constexpr std::uint64_t k = 3;
        for (const std::uint64_t tokens : {0, 1, 2, 5, 9}) {
            const std::vector<double> p = DistinctNull{experts, k, tokens}.distribution();
            QCOMPARE(p.size(), std::size_t{experts + 1});
            // Inclusion and exclusion over the experts left out, in place of the recursion.
            const auto choose = [](std::uint64_t n, std::uint64_t r) {
                double c = 1;
                for (std::uint64_t i = 0; i < r; ++i)
                    c *= static_cast<double>(n - i) / static_cast<double>(i + 1);
                return r > n ? 0.0 : c;
            };
            double mean = 0;
            for (std::uint64_t d = 0; d <= experts; ++d) {
                double ways = 0;
                for (std::uint64_t j = 0; j <= d; ++j)
                    ways += (j % 2 == 0 ? 1 : -1) * choose(d, j)
                        * std::pow(choose(d - j, k) / choose(experts, k), tokens);
                VERIFY_NEAR(p[d], ways * choose(experts, d), 1e-9);
                mean += p[d] * static_cast<double>(d);
            }
            VERIFY_NEAR(mean, expectedDistinct(experts, k, tokens), 1e-12);
        }
        // Against drawing k of E for every token.
        const std::vector<double> p = DistinctNull{32, 4, 9}.distribution();
        std::vector<double> seen(p.size());
        Random random(11);
        constexpr int rounds = 40000;
        for (int round = 0; round < rounds; ++round) {
            unsigned used = 0;
            for (int token = 0; token < 9; ++token) {
                unsigned chosen = 0;
                while (std::popcount(chosen) < 4)
                    chosen |= 1U << random.below(32);
                used |= chosen;
            }
            seen[static_cast<std::size_t>(std::popcount(used))] += 1.0 / rounds;
        }
        for (std::size_t d = 0; d < p.size(); ++d)
            VERIFY_NEAR(seen[d], p[d], 5 * std::sqrt(p[d] / rounds) + 1e-4);
        QCOMPARE(bandOf(p).lo, bandOf(seen).lo);
        QCOMPARE(bandOf(p).hi, bandOf(seen).hi);
    }

    void distinctDistributionAtTheEdges()
    {
        QCOMPARE((DistinctNull{32, 4, 1}.distribution()[4]), 1.0);
        QCOMPARE((DistinctNull{32, 99, 1}.distribution()[32]), 1.0);
        QCOMPARE((DistinctNull{0, 4, 4}.distribution()), std::vector<double>{1.0});
        const Interval all = bandOf(DistinctNull{512, 8, 1'000'000}.distribution());
        QCOMPARE(all.lo, 512.0);
        QCOMPARE(all.hi, 512.0);
        QCOMPARE(bandOf({}).hi, 0.0);
        QCOMPARE(bandOf({0.02, 0.01, 0.94, 0.02, 0.01}).lo, 1.0);
        QCOMPARE(bandOf({0.02, 0.01, 0.94, 0.02, 0.01}).hi, 3.0);

        // One group a token: groups of four taken whole, so multiples of four only.
        const std::vector<double> whole = DistinctNull{16, 4, 3, 4, 1}.distribution();
        for (std::size_t d = 0; d <= 16; ++d)
            QVERIFY((whole[d] > 0) == (d == 4 || d == 8 || d == 12));
        VERIFY_NEAR(whole[4], 1.0 / 16, 0.015);
        VERIFY_NEAR(whole[12], 6.0 / 16, 0.03);
        double mean = 0;
        const DistinctNull limited{256, 8, 12, 8, 4};
        const std::vector<double> p = limited.distribution();
        for (std::size_t d = 0; d < p.size(); ++d)
            mean += p[d] * static_cast<double>(d);
        VERIFY_NEAR(mean, limited.mean(), 0.5);
    }

    void verdicts()
    {
        using enum ClaimKind;
        const auto is = [](Verdict actual, Verdict expected) { return actual == expected; };
        const Interval above{0.6, 0.8};
        const Interval below{0.2, 0.4};
        const Interval around{0.49, 0.52};
        const Interval wide{0.4, 0.9};
        QVERIFY(is(judge(Greater, above, 0.7, 0.5, 0.05, true), Verdict::Supported));
        QVERIFY(is(judge(Greater, below, 0.3, 0.5, 0.05, true), Verdict::Contradicted));
        QVERIFY(is(judge(Greater, around, 0.51, 0.5, 0.05, true), Verdict::AtNull));
        QVERIFY(is(judge(Greater, wide, 0.7, 0.5, 0.05, true), Verdict::InsufficientData));
        QVERIFY(is(judge(Less, above, 0.7, 0.5, 0.05, true), Verdict::Contradicted));
        QVERIFY(is(judge(Less, below, 0.3, 0.5, 0.05, true), Verdict::Supported));
        QVERIFY(is(judge(Less, around, 0.51, 0.5, 0.05, true), Verdict::AtNull));
        QVERIFY(is(judge(Absence, around, 0.51, 0.5, 0.05, true), Verdict::Supported));
        QVERIFY(is(judge(Absence, above, 0.7, 0.5, 0.05, true), Verdict::Contradicted));
        QVERIFY(is(judge(Absence, below, 0.3, 0.5, 0.05, true), Verdict::Contradicted));
        QVERIFY(is(judge(Absence, wide, 0.7, 0.5, 0.05, true), Verdict::InsufficientData));
        for (const ClaimKind kind : {Greater, Less, Absence})
            QVERIFY(is(judge(kind, above, 0.7, 0.5, 0.05, false), Verdict::InsufficientData));
    }

    void verdictsAtTheEdges()
    {
        using enum ClaimKind;
        // Excludes the null by less than delta: at null as far as the interval stays inside.
        QCOMPARE(judge(Greater, {0.51, 0.54}, 0.525, 0.5, 0.05, true), Verdict::AtNull);
        QCOMPARE(judge(Greater, {0.51, 0.57}, 0.54, 0.5, 0.05, true), Verdict::InsufficientData);
        QCOMPARE(judge(Greater, {0.51, 0.57}, 0.55, 0.5, 0.04, true), Verdict::Supported);
        // Touching the null is not excluding it.
        QCOMPARE(judge(Greater, {0.5, 0.7}, 0.6, 0.5, 0.05, true), Verdict::InsufficientData);
        QCOMPARE(judge(Greater, {kNaN, kNaN}, 0.7, 0.5, 0.05, true), Verdict::InsufficientData);
        QCOMPARE(judge(Greater, {0.6, 0.8}, kNaN, 0.5, 0.05, true), Verdict::InsufficientData);
        QCOMPARE(judge(Absence, {0.49, 0.51}, 0.5, kNaN, 0.05, true), Verdict::InsufficientData);
        QCOMPARE(verdictText(Verdict::AtNull), std::string_view("at null"));
        QCOMPARE(verdictText(Verdict::NotApplicable), std::string_view("not applicable"));
        QCOMPARE(verdictText(Verdict::InsufficientData), std::string_view("insufficient data"));
        QCOMPARE(verdictText(Verdict::Supported), std::string_view("supported"));
        QCOMPARE(verdictText(Verdict::Contradicted), std::string_view("contradicted"));
    }
};

QTEST_APPLESS_MAIN(TestStats)
#include "tst_stats.moc"
