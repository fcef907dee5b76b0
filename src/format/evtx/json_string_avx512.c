/* json_string_avx512.c: json_string.h by vectors of 32 characters, whose escapes are put in place
 * within the vector. Needs AVX-512 BW, VL and VBMI2 (Intel Ice Lake, AMD Zen 4, and later). */
#include "format/evtx/json_string.h"

#include "base/span.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX512 __attribute__((target("avx512bw,avx512vl,avx512vbmi2,bmi,bmi2,popcnt")))

/* Two bits a character: the upper one for the character itself, the lower one for a backslash. */
#define CHARACTERS  UINT64_C(0xAAAAAAAAAAAAAAAA)
#define BACKSLASHES UINT64_C(0x5555555555555555)

/* The first `count` <= 32 of `chars` to *out, up to the first that takes more than a backslash: not
 * ASCII, or a control character without a letter of its own. Returns how many. */
AVX512 static inline unsigned put_chars(char **out, __m256i chars, unsigned count)
{
    /* Letters behind a backslash, by control character. */
    const __m256i letters = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 'b', 't', 'n', 0, 'f', 'r', 0, 0));
    uint32_t wanted = _bzhi_u32(UINT32_MAX, count);
    uint32_t quotes = _mm256_cmpeq_epi8_mask(chars, _mm256_set1_epi8('"')) |
                      _mm256_cmpeq_epi8_mask(chars, _mm256_set1_epi8('\\'));
    __m256i above = _mm256_sub_epi8(chars, _mm256_set1_epi8(0x20));
    uint32_t odd = _mm256_cmpgt_epu8_mask(above, _mm256_set1_epi8(0x7E - 0x20)) & wanted;
    quotes &= wanted;
    if (!(odd | quotes)) {
        _mm256_storeu_si256((__m256i *)(void *)*out, chars);
        *out += count;
        return count;
    }
    uint32_t control = _mm256_cmplt_epu8_mask(chars, _mm256_set1_epi8(0x10)) & odd;
    __m256i letter = _mm256_maskz_shuffle_epi8(control, letters, chars);
    control = _mm256_test_epi8_mask(letter, letter);
    chars = _mm256_mask_blend_epi8(control, chars, letter);
    uint32_t hard = odd & ~control;
    if (hard)
        count = (unsigned)__builtin_ctz(hard);
    uint32_t escaped = _bzhi_u32(control | quotes, count);
    uint64_t places = _pdep_u64(escaped, BACKSLASHES) | CHARACTERS;
    __m512i text = _mm512_mask_expand_epi8(_mm512_set1_epi8('\\'), _pext_u64(CHARACTERS, places),
                                           _mm512_castsi256_si512(chars));
    _mm512_storeu_si512(*out, text);
    *out += count + (unsigned)__builtin_popcount(escaped);
    return count;
}

AVX512 static char *json_units(char *out, const uint8_t *units, size_t size)
{
    size &= ~(size_t)1;
    for (size_t pos = 0; pos < size;) {
        size_t left = (size - pos) / 2;
        unsigned count = left < 32 ? (unsigned)left : 32;
        __m512i v = _mm512_maskz_loadu_epi16(_bzhi_u32(UINT32_MAX, count), units + pos);
        unsigned done = put_chars(&out, _mm512_cvtusepi16_epi8(v), count);
        pos += 2 * (size_t)done;
        if (done == count)
            continue;
        do /* other scripts than Latin come in runs */
            out = evtx_json_unit(out, units, size, &pos);
        while (pos < size && load_u16le(units + pos) >= 0x80);
    }
    return out;
}

AVX512 static char *json_ansi(char *out, const uint8_t *bytes, size_t size)
{
    for (size_t pos = 0; pos < size;) {
        size_t left = size - pos;
        unsigned count = left < 32 ? (unsigned)left : 32;
        __m256i chars = _mm256_maskz_loadu_epi8(_bzhi_u32(UINT32_MAX, count), bytes + pos);
        unsigned done = put_chars(&out, chars, count);
        pos += done;
        if (done < count)
            out = evtx_json_ansi_char(out, bytes[pos++]);
    }
    return out;
}

JsonStrings json_strings_avx512(void)
{
    __builtin_cpu_init();
    bool have = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("bmi2");
    return have ? (JsonStrings){.units = json_units, .ansi = json_ansi} : (JsonStrings){0};
}

#else

JsonStrings json_strings_avx512(void)
{
    return (JsonStrings){0};
}

#endif
