#include "base/digits.h"

#include "base/span.h"

/* clang-format off */
const char DIGIT_PAIRS[201] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899";

const char HEX_PAIRS_LOWER[513] =
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627"
    "28292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f"
    "505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f7071727374757677"
    "78797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
    "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7"
    "c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeef"
    "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";

const char HEX_PAIRS_UPPER[513] =
    "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F2021222324252627"
    "28292A2B2C2D2E2F303132333435363738393A3B3C3D3E3F404142434445464748494A4B4C4D4E4F"
    "505152535455565758595A5B5C5D5E5F606162636465666768696A6B6C6D6E6F7071727374757677"
    "78797A7B7C7D7E7F808182838485868788898A8B8C8D8E8F909192939495969798999A9B9C9D9E9F"
    "A0A1A2A3A4A5A6A7A8A9AAABACADAEAFB0B1B2B3B4B5B6B7B8B9BABBBCBDBEBFC0C1C2C3C4C5C6C7"
    "C8C9CACBCCCDCECFD0D1D2D3D4D5D6D7D8D9DADBDCDDDEDFE0E1E2E3E4E5E6E7E8E9EAEBECEDEEEF"
    "F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF";
/* clang-format on */

/* v < 100,000,000, all eight. */
static char *put_8(char *out, uint32_t v)
{
    store_u64le((uint8_t *)out, digits_of_8(v));
    return out + 8;
}

/* Without leading zeros. 10,000 <= v < 100,000,000: two halves that may overlap. */
static char *put_5_to_8(char *out, uint32_t v)
{
    uint64_t digits = digits_of_8(v);
    unsigned zeros = v < 1000000 ? v < 100000 ? 3 : 2 : v < 10000000 ? 1 : 0;
    store_u32le((uint8_t *)out, (uint32_t)(digits >> 8 * zeros));
    store_u32le((uint8_t *)out + 4 - zeros, (uint32_t)(digits >> 32));
    return out + 8 - zeros;
}

char *digits_put_large(char *out, uint64_t v)
{
    const uint64_t split = 100000000;
    if (v < split)
        return v < 10000 ? digits_put_u64(out, v) : put_5_to_8(out, (uint32_t)v);
    return put_8(digits_put_u64(out, v / split), (uint32_t)(v % split));
}
